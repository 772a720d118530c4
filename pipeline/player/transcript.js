// The words as text: one stop for the tabulator, arrows from word to word, Enter or a click plays from there.

class Words {
  constructor(talk, play) {
    this.talk = talk;
    this.nodes = new Map();
    this.root = make("ol", { class: "said", "aria-label": "Words; arrows move from word to word, Enter plays from there" });
    for (const line of talk.lines) this.root.append(this.line(line));
    const first = this.root.querySelector(".word");
    if (first) first.tabIndex = 0;
    this.root.addEventListener("click", (event) => {
      const word = event.target.closest(".word");
      if (word) { this.stop(word); play(Number(word.dataset.at)); }
    });
    this.root.addEventListener("keydown", (event) => this.key(event, play));
  }

  line({ channel, start, words }) {
    const side = this.talk.sides[channel];
    const text = make("p");
    for (const index of words) {
      const node = make("span", { class: "word", role: "button", tabindex: -1, "data-at": index }, foreign(this.talk.words[index][3]));
      this.nodes.set(index, node);
      text.append(node, " ");
    }
    return make("li", { class: `side${channel}` }, make("span", { class: "when", text: clock(start) }), make("span", { class: "who" }, foreign(side)), text);
  }

  stop(word) {
    this.root.querySelector('.word[tabindex="0"]')?.setAttribute("tabindex", "-1");
    word.setAttribute("tabindex", "0");
    word.focus({ preventScroll: true });
  }

  key(event, play) {
    const word = event.target.closest(".word");
    if (!word) return;
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step) {
      const all = [...this.root.querySelectorAll(".word")];
      const next = all[all.indexOf(word) + step];
      if (next) { this.stop(next); next.scrollIntoView({ block: "nearest" }); }
    } else if (event.key === "Enter") play(Number(word.dataset.at));
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Marks what is being said; follows it unless the person reads elsewhere. */
  at(ms, follow) {
    const on = new Set();
    for (let i = lastAt(this.talk.starts, ms), back = 0; i >= 0 && back < 8; i--, back++) if (this.talk.words[i][2] > ms) on.add(i);
    for (const index of this.on ?? []) if (!on.has(index)) this.nodes.get(index).classList.remove("now");
    for (const index of on) if (!this.on?.has(index)) this.nodes.get(index).classList.add("now");
    const last = Math.max(-1, ...on);
    if (follow && last >= 0 && last !== this.followed) {
      this.followed = last;
      const node = this.nodes.get(last), box = this.root.getBoundingClientRect(), place = node.getBoundingClientRect();
      if (place.top < box.top || place.bottom > box.bottom) this.root.scrollTop += place.top - box.top - box.height / 3;
    }
    this.on = on;
  }
}
