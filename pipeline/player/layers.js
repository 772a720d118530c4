// What is drawn, layer by layer, between two moments.

class Drawing {
  constructor(canvas, talk, sound) {
    Object.assign(this, { canvas, talk, sound, rows: layout(talk) });
  }

  paint(view, side) {
    const width = this.canvas.clientWidth;
    if (!width) return;
    const pen = sized(this.canvas, width, this.rows.bottom), colour = colours(this.canvas);
    Object.assign(this, { pen, colour, view, width, scale: width / view.span });
    pen.clearRect(0, 0, width, this.rows.bottom);
    this.ruler();
    this.talk.sides.forEach((_, index) => this.lane(index, side === "both" || side === index));
    this.overlaps();
    this.findings();
    this.talk.origins.forEach((origin) => this.origin(origin));
    this.labels();
    this.talk.marks.forEach((each) => this.mark(each));
  }

  x(ms) { return (ms - this.view.from) * this.scale; }

  seen(start, end) { return end >= this.view.from && start <= this.view.from + this.view.span; }

  box(start, end, y, height, style) {
    if (!this.seen(start, end)) return;
    const left = Math.max(-2, this.x(start)), right = Math.min(this.width + 2, this.x(end));
    this.pen.fillStyle = style;
    this.pen.fillRect(left, y, Math.max(1, right - left), height);
  }

  ruler() {
    const { pen, colour } = this;
    const step = STEPS.find((each) => each * this.scale >= 70) ?? STEPS.at(-1);
    pen.font = `11px ${colour.font}`;
    pen.textBaseline = "middle";
    const top = this.rows.ruler + ROW.ruler;
    for (const window of this.sound.windows) this.box(window.start, window.end, top - 3, 2, colour.link);
    for (let at = Math.max(0, Math.ceil(this.view.from / step) * step); at <= Math.min(this.talk.duration, this.view.from + this.view.span); at += step) {
      const x = this.x(at);
      pen.fillStyle = colour.line;
      pen.fillRect(x, top, 1, this.rows.bottom - top - 6);
      pen.fillStyle = colour.soft;
      pen.textAlign = x < 14 ? "left" : x > this.width - 16 ? "right" : "center";
      pen.fillText(clock(at, step < 1000 ? 1 : 0), x, this.rows.ruler + 8);
    }
    pen.textAlign = "left";
  }

  lane(side, heard) {
    const { pen, colour, talk } = this;
    const top = this.rows.lanes[side], middle = top + ROW.lane / 2;
    this.box(0, talk.duration, top, ROW.lane, colour.faint);
    const path = waveform(talk, this.sound, side, this.view, this.width, middle, ROW.lane / 2 - 3);
    pen.save();
    pen.globalAlpha = heard ? 1 : 0.3;
    pen.fillStyle = colour.soft;
    pen.globalAlpha *= 0.55;
    pen.fill(path);
    pen.globalAlpha /= 0.55;
    const flat = talk.speech[side] ?? [], own = colour[`side${side}`];
    pen.beginPath();
    for (let i = 0; i < flat.length; i += 2) {
      if (!this.seen(flat[i], flat[i + 1])) continue;
      pen.rect(this.x(flat[i]), top, Math.max(1, this.x(flat[i + 1]) - this.x(flat[i])), ROW.lane);
    }
    pen.clip();
    pen.fillStyle = own;
    pen.globalAlpha *= 0.14;
    pen.fillRect(0, top, this.width, ROW.lane);
    pen.globalAlpha /= 0.14;
    pen.fill(path);
    pen.restore();
  }

  overlaps() {
    const { colour, talk, rows } = this;
    if (rows.middle === undefined) return;
    const pattern = hatching(this.pen, colour.overlap, colour["overlap-ground"]);
    for (let i = 0; i < talk.overlaps.length; i += 2) {
      this.box(talk.overlaps[i], talk.overlaps[i + 1], rows.middle + 5, ROW.middle - 10, pattern);
    }
  }

  findings() {
    for (const { start, end, channel, found } of this.talk.stretches) {
      const colour = found.severity === "note" ? this.colour["note-line"] : this.colour.flag;
      this.box(start, end, this.rows.findings + 1, ROW.findings - 3, colour);
      const sides = channel === null ? this.talk.sides.keys() : [channel];
      this.pen.save();
      this.pen.globalAlpha = 0.13;
      for (const side of sides) if (side in this.rows.lanes) this.box(start, end, this.rows.lanes[side], ROW.lane, colour);
      this.pen.restore();
    }
  }

  /** Each way of making has its own pattern: nothing is told by colour alone. */
  origin([channel, start, end, kind]) {
    const top = this.rows.origins[channel];
    if (top === null || top === undefined || kind === "silence" || !this.seen(start, end)) return;
    const own = this.colour[`side${channel}`], pen = this.pen;
    if (kind === "original") this.box(start, end, top + 3, 2, own);
    else if (kind === "routed") this.box(start, end, top + 1, 6, hatching(pen, own, this.colour.sheet));
    else if (kind === "separated") this.box(start, end, top + 1, 6, this.colour.overlap);
    else for (let at = Math.max(this.x(start), 0); at < Math.min(this.width, this.x(end)); at += 5) { pen.fillStyle = own; pen.fillRect(at, top + 2, 2.5, 4); }
  }

  /** Words above the upper lane and below the lower one, where there is room for them. */
  labels() {
    const { pen, colour, talk } = this;
    this.hits = [];
    pen.font = `12px ${colour.font}`;
    const free = talk.sides.map(() => -1);
    for (let i = Math.max(0, lastAt(talk.starts, this.view.from - 3000)); i < talk.words.length; i++) {
      const [channel, start, end, text] = talk.words[i];
      const x = this.x(start), y = this.rows.words[channel];
      if (x > this.width) break;
      if (this.x(end) < 0 || y === null || y === undefined) continue;
      pen.fillStyle = colour[`side${channel}`];
      pen.fillRect(x, channel ? y : y + ROW.words - 2, Math.max(1, this.x(end) - x - 1), 2);
      const label = plain(text).slice(0, 60), width = pen.measureText(label).width;
      const drawn = x >= free[channel] && this.scale > 0.02;
      if (drawn) {
        pen.fillStyle = colour.ink;
        pen.fillText(label, x, y + (channel ? 11 : 8));
        free[channel] = x + width + 5;
      }
      this.hits.push({ index: i, left: x, right: Math.max(this.x(end), drawn ? x + width : x), top: y, bottom: y + ROW.words });
    }
  }

  mark({ mark, channel, start, end }) {
    if (!this.seen(start, end)) return;
    const { pen, colour, rows } = this;
    const floor = mark === "floor";
    const y = floor ? (rows.middle ?? -20) + ROW.middle / 2 : (rows.marks[channel] ?? -20) + ROW.marks / 2;
    const x = this.x(floor ? end : start) + (floor ? 0 : 5);
    pen.strokeStyle = pen.fillStyle = colour[MARK_COLOUR[mark] ?? mark];
    pen.lineWidth = 1.4;
    if (!floor) pen.fillRect(x, y - 0.5, Math.max(0, this.x(end) - x), 1);
    pen.save();
    pen.translate(x, y);
    const path = new Path2D(PATHS[mark]);
    if (FILLED.includes(mark)) pen.fill(path);
    pen.stroke(path);
    pen.restore();
  }

  /** The whole recording in a strip, with what is shown of it. */
  overview(canvas, view) {
    const width = canvas.clientWidth, height = 34;
    if (!width) return;
    const pen = sized(canvas, width, height), { talk } = this, colour = colours(canvas);
    const scale = width / talk.duration, half = height / talk.sides.length;
    talk.sides.forEach((_, side) => {
      pen.fillStyle = colour[`side${side}`];
      const flat = talk.speech[side] ?? [];
      for (let i = 0; i < flat.length; i += 2) pen.fillRect(flat[i] * scale, side * half + 5, Math.max(0.5, (flat[i + 1] - flat[i]) * scale), half - 8);
    });
    for (const { start, end, found } of talk.stretches) {
      pen.fillStyle = found.severity === "note" ? colour["note-line"] : colour.flag;
      pen.fillRect(start * scale, 0, Math.max(2, (end - start) * scale), 3);
    }
    pen.fillStyle = colour.link;
    for (const window of this.sound.windows) pen.fillRect(window.start * scale, height - 2, (window.end - window.start) * scale, 2);
    pen.fillStyle = colour.soft;
    pen.globalAlpha = 0.16;
    pen.fillRect(view.from * scale, 0, view.span * scale, height);
    pen.globalAlpha = 1;
    pen.strokeStyle = colour.soft;
    pen.strokeRect(view.from * scale + 0.5, 0.5, Math.max(3, view.span * scale - 1), height - 1);
  }
}
