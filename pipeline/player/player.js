// The player itself, and how player files come to the page.

const LEAST_SPAN = 500;

class Player {
  constructor(host, data) {
    this.talk = new Talk(data);
    this.sound = new Sound(data.audio, (ms) => this.ended(ms));
    this.side = "both";
    this.cursor = 0;
    this.build(host);
    this.drawing = new Drawing(this.wave, this.talk, this.sound);
    this.show(this.first());
    this.choose("both", true);
    this.listen();
    this.move(Math.max(0, (this.talk.stretches[0]?.start ?? 0) - 1000));
    this.tell(this.hears());
  }

  get duration() { return this.talk.duration; }

  /** The first finding's surroundings, wide enough to read words in. */
  first() {
    const span = Math.min(this.duration, Math.max(8000, this.wave.clientWidth * 26));
    const found = this.talk.stretches[0];
    return { from: found ? found.start - span / 4 : 0, span };
  }

  build(host) {
    const { talk } = this;
    const button = (name, label, text, act) => make("button", { type: "button", class: name, "aria-label": label, title: label, text, onclick: act });
    this.toggle = button("toggle", "Play (space)", "", () => this.press());
    this.time = make("span", { class: "time" });
    this.sides = make("div", { class: "sides", role: "radiogroup", "aria-label": "What is heard" });
    if (talk.sides.length > 1) {
      for (const [value, label, key] of [[0, talk.sides[0], 1], [1, talk.sides[1], 2], ["both", "Both", 3]]) {
        this.sides.append(make("button", {
          type: "button", role: "radio", class: `side${value}`, "data-side": value, title: `Key ${key}`, onclick: () => this.choose(value),
        }, foreign(label)));
      }
    }
    const zoom = make("div", { class: "zoom" }, button("out", "Zoom out (minus)", "−", () => this.zoom(2)),
      button("in", "Zoom in (plus)", "+", () => this.zoom(0.5)), button("fit", "Show all (0)", "All", () => this.fit()));
    this.steps = talk.stretches.length ? make("div", { class: "zoom" }, button("back", "Previous stretch of a finding (p)", "‹", () => this.step(-1)),
      make("span", { class: "between", text: "findings" }), button("on", "Next stretch of a finding (n)", "›", () => this.step(1))) : null;
    this.overview = make("canvas", { class: "overview", "aria-hidden": "true" });
    this.wave = make("canvas", { class: "wave", tabindex: 0, role: "slider", "aria-label": `Position in ${plain(talk.id)}`, "aria-valuemin": 0,
      "aria-valuemax": (this.duration / 1000).toFixed(1) });
    this.head = make("div", { class: "head", "aria-hidden": "true" });
    this.tip = make("div", { class: "tip", hidden: true, "aria-hidden": "true" });
    this.status = make("p", { class: "status", role: "status", "aria-live": "polite" });
    this.words = new Words(talk, (index) => this.play(talk.words[index][1]));
    this.root = make("div", { class: "player", role: "group", "aria-label": `Player for ${plain(talk.id)}` },
      make("div", { class: "bar-of-tools" }, this.toggle, this.time, this.sides, this.steps, zoom),
      this.overview, make("div", { class: "stage" }, this.wave, this.head, this.tip), this.legend(), this.status,
      talk.words.length ? this.words.root : null);
    host.replaceChildren(this.root);
    if (!talk.audio.length) this.toggle.disabled = true;
  }

  /** Only what this recording holds. */
  legend() {
    const { talk } = this, items = [];
    const entry = (style, text) => items.push(make("li", {}, make("i", { class: style }), text));
    talk.sides.forEach((side, index) => items.push(make("li", {}, make("i", { class: `key side${index}` }), foreign(side))));
    if (talk.overlaps.length) entry("key both", "both speak");
    if (talk.stretches.length) entry("key found", "finding");
    for (const mark of Object.keys(NAMES)) {
      if (!talk.marks.some((each) => each.mark === mark)) continue;
      const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      svg.setAttribute("viewBox", "-7 -7 14 14");
      const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
      path.setAttribute("d", PATHS[mark]);
      path.setAttribute("class", `event ${mark}`);
      svg.append(path);
      items.push(make("li", {}, svg, NAMES[mark]));
    }
    if (talk.made) {
      const kinds = new Set(talk.origins.map((origin) => origin[3]));
      for (const kind of Object.keys(KINDS)) if (kinds.has(kind) && kind !== "silence") entry(`key ${kind}`, KINDS[kind]);
    }
    if (talk.audio.length) entry("key heard", "sound on this page");
    return make("ul", { class: "legend" }, ...items);
  }

  /** What can be heard here, and what cannot. */
  hears() {
    const { talk } = this;
    const rest = talk.unshown_words ? ` ${talk.unshown_words} later words are not shown.` : "";
    if (!talk.audio.length) return (talk.silent || "No sound of this recording is beside this page.") + this.origin() + rest;
    if (talk.whole && talk.part_of) return `Ready: the first ${clock(this.duration)} of ${clock(talk.part_of)} can be heard.${rest}`;
    if (talk.whole) return `Ready: all ${clock(this.duration)} can be heard.${rest}`;
    const parts = talk.audio.map((each) => `${clock(each.start)}–${clock(each.end)}`).join(", ");
    return `Ready: of ${clock(this.duration)}, only ${parts} can be heard here.${this.origin()}${rest}`;
  }

  origin() { return this.talk.source ? ` The recording itself is ${plain(this.talk.source)}.` : ""; }

  listen() {
    this.root.addEventListener("keydown", (event) => this.key(event));
    this.watch = new ResizeObserver(() => this.show(this.view));
    this.watch.observe(this.wave);
    this.dark = matchMedia("(prefers-color-scheme: dark)");
    this.redraw = () => this.show(this.view);
    this.dark.addEventListener("change", this.redraw);
    this.drag(this.wave, (down, event) => {
      const moved = (down.x - event.clientX) * this.view.span / this.wave.clientWidth;
      this.show({ from: down.from + moved, span: this.view.span });
    }, (event) => this.click(event));
    const centre = (_, event) => this.show({ from: this.under(this.overview, event, 0, this.duration) - this.view.span / 2, span: this.view.span });
    this.drag(this.overview, centre, (event) => centre(null, event));
    this.wave.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    this.wave.addEventListener("pointermove", (event) => this.point(event));
    this.wave.addEventListener("pointerleave", () => { this.tip.hidden = true; });
  }

  drag(canvas, moving, clicked) {
    let down = null;
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      down = { x: event.clientX, from: this.view.from, moved: false };
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!down || (!down.moved && Math.abs(event.clientX - down.x) < 5)) return;
      down.moved = true;
      moving(down, event);
    });
    canvas.addEventListener("pointerup", (event) => {
      if (down && !down.moved) clicked(event);
      down = null;
    });
  }

  under(canvas, event, from, span) {
    const box = canvas.getBoundingClientRect();
    return from + (event.clientX - box.left) / box.width * span;
  }

  click(event) {
    const hit = this.hit(event);
    if (hit) this.play(this.talk.words[hit.index][1]);
    else this.seek(this.under(this.wave, event, this.view.from, this.view.span));
  }

  hit(event) {
    const box = this.wave.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
    return this.drawing.hits.find((each) => x >= each.left && x <= each.right && y >= each.top && y <= each.bottom);
  }

  wheel(event) {
    if (event.ctrlKey || event.metaKey) this.zoom(Math.exp(event.deltaY / 300), this.under(this.wave, event, this.view.from, this.view.span));
    else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      const moved = (event.deltaX || event.deltaY) * this.view.span / this.wave.clientWidth;
      this.show({ from: this.view.from + moved, span: this.view.span });
    } else return;
    event.preventDefault();
  }

  /** What lies under the pointer, in words. */
  point(event) {
    const ms = this.under(this.wave, event, this.view.from, this.view.span), near = 5 * this.view.span / this.wave.clientWidth;
    const over = (start, end) => start - near <= ms && ms <= end + near;
    const hit = this.hit(event), told = [clock(ms, 1)];
    if (hit) told.push(plain(this.talk.words[hit.index][3]));
    else {
      for (const each of this.talk.marks) if (over(each.start, each.end)) told.push(NAMES[each.mark] + (each.text ? `: ${plain(each.text)}` : ""));
      for (const each of this.talk.stretches) if (over(each.start, each.end)) told.push(worded(each.found.name));
      if (this.talk.made) for (const [channel, start, end, kind] of this.talk.origins) if (start <= ms && ms < end && kind !== "original") told.push(`${plain(this.talk.sides[channel])}: ${KINDS[kind] ?? kind}`);
    }
    this.tip.textContent = told.join(" · ");
    this.tip.hidden = false;
    const box = this.wave.getBoundingClientRect(), x = event.clientX - box.left;
    this.tip.style.left = `${Math.min(x + 10, box.width - this.tip.offsetWidth - 4)}px`;
    this.wave.style.cursor = hit ? "pointer" : "crosshair";
  }

  key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const step = event.shiftKey ? 5000 : 1000, page = this.view.span * 0.9;
    const acts = {
      " ": () => this.press(), ArrowLeft: () => this.seek(this.now - step), ArrowRight: () => this.seek(this.now + step),
      Home: () => this.seek(0), End: () => this.seek(this.duration), "+": () => this.zoom(0.5), "=": () => this.zoom(0.5), "-": () => this.zoom(2),
      0: () => this.fit(), PageUp: () => this.show({ from: this.view.from - page, span: this.view.span }),
      PageDown: () => this.show({ from: this.view.from + page, span: this.view.span }),
      1: () => this.choose(0), 2: () => this.choose(1), 3: () => this.choose("both"), n: () => this.step(1), p: () => this.step(-1),
    };
    const own = event.target.closest("button, [role=button], a");
    if (!(event.key in acts) || (own && event.key === " ")) return;
    event.preventDefault();
    event.stopPropagation();
    acts[event.key]();
  }

  get now() { return this.sound.now ?? this.cursor; }

  press() { if (this.sound.playing || this.wanted) this.pause(); else this.play(this.cursor >= this.duration - 30 ? 0 : this.cursor); }

  /** Plays from a moment, or from the next with sound. */
  async play(ms) {
    const { talk, sound } = this;
    if (!talk.audio.length) { this.move(ms); this.tell(this.hears()); return; }
    let from = ms;
    if (!sound.at(ms)) from = (talk.audio.find((each) => each.start > ms) ?? talk.audio[0]).start;
    if (Player.loud && Player.loud !== this) Player.loud.pause();
    Player.loud = this;
    this.move(from);
    this.wanted = true;
    this.state(true);
    try {
      if (!(await sound.play(from))) return;
    } catch (error) {
      this.state(false);
      this.tell(`This browser cannot play the sound (Ogg Opus): ${error.message}`);
      return;
    } finally { this.wanted = false; }
    this.tell(`Playing ${this.what()} from ${clock(from, 1)}${from === ms ? "." : `: there is no sound at ${clock(ms, 1)} on this page.`}`);
    this.show(this.view);
    this.frame();
  }

  what() { return this.talk.sides.length < 2 ? "the recording" : this.side === "both" ? "both sides" : `${plain(this.talk.sides[this.side])} only`; }

  frame() {
    cancelAnimationFrame(this.ticking);
    if (!this.sound.playing) return;
    this.move(this.sound.now, true);
    this.ticking = requestAnimationFrame(() => this.frame());
  }

  pause() {
    const at = this.now;
    this.sound.stop();
    this.wanted = false;
    this.state(false);
    this.move(at);
    this.tell(`Paused at ${clock(at, 1)}.`);
  }

  ended(ms) {
    this.state(false);
    this.move(ms);
    const next = this.talk.audio.find((each) => each.start >= ms);
    this.tell(this.talk.whole ? (this.talk.part_of ? "The end of what can be heard here." : "The end.") : `The sound on this page ends here${next ? `; more from ${clock(next.start)}` : ""}.`);
  }

  state(playing) {
    this.root.dataset.state = playing ? "playing" : "paused";
    const label = playing ? "Pause (space)" : "Play (space)";
    this.toggle.setAttribute("aria-label", label);
    this.toggle.title = label;
  }

  seek(ms) {
    const to = Math.min(this.duration, Math.max(0, ms));
    if (this.sound.playing && this.sound.at(to)) { this.play(to); return; }
    if (this.sound.playing) { this.sound.stop(); this.state(false); }
    this.move(to);
    const quiet = this.talk.audio.length && !this.sound.at(to) && to < this.duration ? " No sound here on this page." : "";
    this.tell(`At ${clock(to, 1)}: ${this.talk.saying(to) || "no speech known"}.${quiet}`);
  }

  /** To the next stretch of a finding, or the one before. */
  step(by) {
    const all = this.talk.stretches, now = this.now;
    const found = by > 0 ? all.find((each) => each.start > now + 1) : all.findLast((each) => each.start < now - 1);
    if (!found) { this.tell("No further finding that way."); return; }
    this.visit(found);
  }

  visit({ start, end, found }) {
    this.show({ from: start - this.view.span / 4, span: Math.max(this.view.span, Math.min(this.duration, (end - start) * 1.2)) });
    this.seek(start);
    this.tell(`${worded(found.name)}, ${clock(start, 1)} to ${clock(end, 1)}${found.detail ? `: ${plain(found.detail)}` : ""}`);
  }

  move(ms, playing = false) {
    this.cursor = ms;
    const { from, span } = this.view;
    if (ms < from || ms > from + span) this.show({ from: playing ? ms - span * 0.05 : ms - span / 2, span });
    this.place();
    this.time.textContent = `${clock(ms, 1)} / ${clock(this.duration)}`;
    this.wave.setAttribute("aria-valuenow", (ms / 1000).toFixed(1));
    if (!playing || ms - (this.said ?? 0) > 1000 || ms < this.said) {
      this.said = ms;
      this.wave.setAttribute("aria-valuetext", `${clock(ms, 1)} of ${clock(this.duration)}, ${this.talk.saying(ms)}`);
    }
    this.words.at(ms, playing);
  }

  place() {
    const x = (this.cursor - this.view.from) / this.view.span * this.wave.clientWidth;
    this.head.style.transform = `translateX(${x}px)`;
    this.head.hidden = x < 0 || x > this.wave.clientWidth;
  }

  show({ from, span }) {
    const wide = Math.min(this.duration, Math.max(Math.min(LEAST_SPAN, this.duration), span));
    this.view = { from: Math.min(Math.max(0, from), this.duration - wide), span: wide };
    this.drawing.paint(this.view, this.side);
    this.drawing.overview(this.overview, this.view);
    this.place();
  }

  zoom(by, around = this.now) {
    const { from, span } = this.view;
    const centre = around < from || around > from + span ? from + span / 2 : around;
    const wide = Math.min(this.duration, Math.max(LEAST_SPAN, span * by));
    this.show({ from: centre - (centre - from) * wide / span, span: wide });
    if (by !== 1) this.tell(`Showing ${clock(this.view.from, 1)} to ${clock(this.view.from + this.view.span, 1)}.`);
  }

  fit() { this.show({ from: 0, span: this.duration }); this.tell("Showing all."); }

  choose(side, quiet = false) {
    if (this.talk.sides.length < 2 && side !== "both") return;
    this.side = side;
    this.root.dataset.side = side;
    this.sound.choose(side);
    for (const each of this.sides.children) {
      const on = each.dataset.side === String(side);
      each.setAttribute("aria-checked", on);
    }
    this.drawing.paint(this.view, side);
    if (!quiet) this.tell(`Heard: ${this.what()}.`);
  }

  tell(text) { this.status.textContent = text; }

  close() {
    cancelAnimationFrame(this.ticking);
    this.sound.close();
    this.watch.disconnect();
    this.dark.removeEventListener("change", this.redraw);
    if (Player.loud === this) Player.loud = null;
    this.root.remove();
  }
}

const waiting = new Map();

/** Loads the file of a player from beside the page; a promise of its contents. */
function load(key, address) {
  return new Promise((resolve, reject) => {
    waiting.set(key, resolve);
    const node = make("script", { src: address });
    node.onload = () => { node.remove(); if (waiting.delete(key)) reject(new Error(`${address} holds another recording than its name says.`)); };
    node.onerror = () => { node.remove(); waiting.delete(key); reject(new Error(`${address} cannot be loaded; keep that folder beside this page.`)); };
    document.head.append(node);
  });
}

window.duologue = Object.freeze({
  recording(data) {
    const resolve = waiting.get(data.key);
    waiting.delete(data.key);
    resolve?.(data);
  },
  /** Shows a player in `host`; a promise of it. */
  async open(key, address, host) {
    host.replaceChildren(make("p", { class: "status", role: "status", text: "Loading …" }));
    try {
      return new Player(host, await load(key, address));
    } catch (error) {
      host.replaceChildren(make("p", { class: "status failed", role: "alert", text: error.message }));
      return null;
    }
  },
});
