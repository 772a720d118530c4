// A long list of which only the rows in sight are in the page: searched, sorted, and walked with the keyboard.

const ROW_HEIGHT = 2.3 * 16;

class List {
  /** `columns`: {name, width, sort, cell, quiet, narrow}; `text` gives what is searched of a row; `open` acts on a row. */
  constructor(host, { label, rows, columns, text, filters, open }) {
    Object.assign(this, { host, label, rows, columns, text, open, filters: filters ?? [] });
    this.order = rows.map((_, index) => index);
    this.sorted = null;
    this.active = -1;
    this.build();
    this.sift();
  }

  build() {
    this.input = make("input", { type: "search", placeholder: "Search", "aria-label": `Search ${this.label}`, oninput: () => this.sift() });
    this.selects = this.filters.map(({ name, choices }) => make("select", { "aria-label": name, onchange: () => this.sift() },
      make("option", { value: "", text: `${name}: all` }), ...choices.map(([value, text]) => make("option", { value, text }))));
    this.count = make("output", { "aria-live": "polite" });
    this.heads = this.columns.map((column, index) => make("div", { role: "columnheader" },
      make("button", { type: "button", text: column.name, onclick: () => this.sort(index) })));
    this.spacer = make("div", { class: "spacer", role: "rowgroup" });
    this.box = make("div", { class: `grid-of-rows${this.open ? " opens" : ""}`, role: "grid", tabindex: 0, "aria-label": `${this.label}; arrows move, Enter opens`,
      "aria-colcount": this.columns.length },
      make("div", { role: "rowgroup" }, make("div", { class: "row heads", role: "row", "aria-rowindex": 1 }, ...this.heads)), this.spacer);
    this.box.addEventListener("scroll", () => this.paint(), { passive: true });
    this.box.addEventListener("keydown", (event) => this.key(event));
    this.spacer.addEventListener("click", (event) => {
      const row = event.target.closest(".row");
      if (row) this.act(Number(row.dataset.at));
    });
    this.host.append(make("div", { class: "controls" }, this.input, ...this.selects, this.count), this.box);
    this.narrow = matchMedia("(max-width: 40rem)");
    this.narrow.addEventListener("change", () => this.paint(true));
    new ResizeObserver(() => this.paint()).observe(this.box);
  }

  sift() {
    const wanted = this.input.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const tests = this.filters.map(({ keeps }, index) => [keeps, this.selects[index].value]).filter(([, value]) => value !== "");
    this.texts ??= wanted.length ? this.rows.map((row) => this.text(row).toLowerCase()) : null;
    this.order = [];
    this.rows.forEach((row, index) => {
      if (wanted.every((word) => this.texts[index].includes(word)) && tests.every(([keeps, value]) => keeps(row, value))) this.order.push(index);
    });
    this.arrange();
    this.active = -1;
    this.box.scrollTop = 0;
    const all = this.rows.length.toLocaleString("en");
    this.count.textContent = this.order.length === this.rows.length ? `${all}` : `${this.order.length.toLocaleString("en")} of ${all}`;
    this.paint(true);
  }

  sort(index) {
    const down = this.sorted?.index === index ? !this.sorted.down : false;
    this.sorted = { index, down };
    this.heads.forEach((head, at) => (at === index ? head.setAttribute("aria-sort", down ? "descending" : "ascending") : head.removeAttribute("aria-sort")));
    this.sift();
  }

  /** The absent stands last whichever way the list is sorted. */
  arrange() {
    if (!this.sorted) return;
    const { sort } = this.columns[this.sorted.index], sign = this.sorted.down ? -1 : 1;
    const keys = new Map(this.order.map((index) => [index, sort(this.rows[index])]));
    const none = (value) => value === null || value === undefined || value === "";
    this.order.sort((a, b) => {
      const x = keys.get(a), y = keys.get(b);
      if (none(x) || none(y)) return none(x) - none(y) || a - b;
      return (typeof x === "number" ? x - y : String(x) < String(y) ? -1 : x === y ? 0 : 1) * sign || a - b;
    });
  }

  /** Puts what lies in sight, and a little around it, into the page. */
  paint(anew = false) {
    const first = Math.max(0, Math.floor(this.box.scrollTop / ROW_HEIGHT) - 5);
    const last = Math.min(this.order.length, first + Math.ceil((this.box.clientHeight || 480) / ROW_HEIGHT) + 10);
    if (!anew && this.first === first && this.last === last) return;
    Object.assign(this, { first, last });
    const columns = this.columns.filter((column) => !this.narrow.matches || column.narrow);
    const template = columns.map((column) => column.width).join(" ");
    this.heads.forEach((head, index) => { head.hidden = !columns.includes(this.columns[index]); head.style.display = head.hidden ? "none" : ""; });
    this.heads[0].parentNode.style.gridTemplateColumns = template;
    this.box.setAttribute("aria-rowcount", this.order.length + 1);
    this.spacer.style.height = `${Math.max(1, this.order.length) * ROW_HEIGHT}px`;
    const shown = [];
    for (let at = first; at < last; at++) {
      const row = make("div", { class: `row body${at === this.active ? " active" : ""}`, role: "row", id: `${this.host.dataset.list}-${at}`, "data-at": at, "aria-rowindex": at + 2 },
        ...columns.map((column) => make("div", { role: "gridcell", class: column.quiet ? "quiet" : "" }, column.cell(this.rows[this.order[at]]))));
      row.style.top = `${at * ROW_HEIGHT}px`;
      row.style.gridTemplateColumns = template;
      shown.push(row);
    }
    if (!this.order.length) shown.push(make("p", { class: "none", text: "Nothing like that." }));
    this.spacer.replaceChildren(...shown);
    if (this.active >= 0) this.box.setAttribute("aria-activedescendant", `${this.host.dataset.list}-${this.active}`);
  }

  key(event) {
    if (event.target !== this.box) return;
    const page = Math.max(1, Math.floor(this.box.clientHeight / ROW_HEIGHT) - 2), end = this.order.length - 1;
    const to = { ArrowDown: this.active + 1, ArrowUp: this.active - 1, PageDown: this.active + page, PageUp: this.active - page, Home: 0, End: end }[event.key];
    if (to !== undefined) this.walk(to);
    else if (event.key === "Enter" && this.active >= 0) this.act(this.active);
    else return;
    event.preventDefault();
  }

  walk(to) {
    this.active = Math.min(this.order.length - 1, Math.max(0, to));
    const top = this.active * ROW_HEIGHT, height = this.box.clientHeight - ROW_HEIGHT;
    if (top < this.box.scrollTop) this.box.scrollTop = top;
    if (top + ROW_HEIGHT > this.box.scrollTop + height) this.box.scrollTop = top + ROW_HEIGHT - height;
    this.paint(true);
  }

  act(at) {
    this.active = at;
    this.paint(true);
    this.open?.(this.rows[this.order[at]], at);
  }

  /** The row before or after the active one. */
  beside(by) {
    const at = this.active + by;
    return at >= 0 && at < this.order.length ? at : null;
  }
}
