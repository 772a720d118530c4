// Scatter plots whose marks are recordings: pointed at they tell, clicked they open, and arrows walk them.

const SHAPES = ["M-3 0A3 3 0 1 0 3 0A3 3 0 1 0 -3 0Z", "M0 -4L4 3L-4 3Z", "M-3.2 -3.2L3.2 3.2M-3.2 3.2L3.2 -3.2"];
const TONES = ["pass", "look", "reject"];
const VERDICT_NAMES = ["pass", "to look at", "not to be used"];
const INSET = { left: 56, right: 14, top: 12, bottom: 42, band: 26 };

class Scatter {
  /** `points`: {x, y or null, verdict, row, tip}; `axes`: [{low, high, step, label, format}]; `lines`: [axis, value, label]. */
  constructor(host, { label, points, axes, none, lines, open, height }) {
    Object.assign(this, { host, points, axes, none, lines: lines ?? [], open, height: height ?? 320 });
    this.at = -1;
    this.canvas = make("canvas", { role: "img", tabindex: 0, "aria-label": `${label}: ${points.length} marks; arrows move from mark to mark, Enter opens` });
    this.tip = make("div", { class: "tip", role: "status", hidden: true });
    const counts = VERDICT_NAMES.map((_, verdict) => points.filter((point) => point.verdict === verdict).length);
    this.host.append(this.canvas, this.tip, make("ul", {}, ...VERDICT_NAMES.map((name, verdict) => (counts[verdict] ? make("li", {}, Scatter.sign(verdict), name) : null))));
    this.canvas.addEventListener("pointermove", (event) => this.pick(this.nearest(event)));
    this.canvas.addEventListener("pointerleave", () => this.pick(-1));
    this.canvas.addEventListener("click", (event) => { const at = this.nearest(event); if (at >= 0) this.open(this.points[at].row); });
    this.canvas.addEventListener("keydown", (event) => this.key(event));
    new ResizeObserver(() => this.paint()).observe(this.host);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.paint());
    this.walked = points.map((_, index) => index).sort((a, b) => points[a].x - points[b].x);
  }

  static sign(verdict) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "-7 -7 14 14");
    svg.setAttribute("aria-hidden", "true");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", SHAPES[verdict]);
    path.style.cssText = `stroke: var(--${TONES[verdict]}); stroke-width: 1.6; fill: ${verdict === 2 ? "none" : `var(--${TONES[verdict]})`}`;
    svg.append(path);
    return svg;
  }

  place(point) {
    const [x, y] = this.axes, { width, height } = this;
    const bottom = height - INSET.bottom - (this.none ? INSET.band : 0);
    const part = (axis, value) => (Math.min(axis.high, Math.max(axis.low, value)) - axis.low) / (axis.high - axis.low);
    const left = INSET.left + part(x, point.x) * (width - INSET.left - INSET.right);
    if (point.y === null) return [left, height - INSET.bottom - INSET.band / 2 + point.spread * (INSET.band - 10)];
    return [left, bottom - part(y, point.y) * (bottom - INSET.top)];
  }

  paint() {
    this.width = this.canvas.clientWidth;
    if (!this.width) return;
    const pen = (this.pen = sized(this.canvas, this.width, this.height)), style = getComputedStyle(this.canvas);
    this.tone = (name) => style.getPropertyValue(`--${name}`).trim();
    pen.font = `12px ${style.fontFamily}`;
    this.frame(pen);
    this.spots = this.points.map((point) => this.place(point));
    pen.lineWidth = 1.4;
    const size = this.points.length > 2000 ? 0.65 : 1;
    for (const verdict of [0, 1, 2]) {
      const all = new Path2D(), shape = new Path2D(SHAPES[verdict]);
      this.points.forEach((point, index) => { if (point.verdict === verdict) all.addPath(shape, new DOMMatrix().translate(...this.spots[index]).scale(size)); });
      pen.globalAlpha = this.points.length > 800 ? 0.5 : 0.75;
      pen.strokeStyle = pen.fillStyle = this.tone(TONES[verdict]);
      if (verdict < 2) pen.fill(all);
      pen.stroke(all);
    }
    pen.globalAlpha = 1;
    if (this.at >= 0) {
      pen.strokeStyle = this.tone("own");
      pen.lineWidth = 2;
      pen.beginPath();
      pen.arc(...this.spots[this.at], 7, 0, 7);
      pen.stroke();
    }
  }

  frame(pen) {
    const { width, height } = this, [x, y] = this.axes;
    const bottom = height - INSET.bottom, floor = bottom - (this.none ? INSET.band : 0);
    pen.fillStyle = this.tone("soft");
    pen.strokeStyle = this.tone("line");
    pen.lineWidth = 1;
    const line = (x0, y0, x1, y1) => { pen.beginPath(); pen.moveTo(x0, y0); pen.lineTo(x1, y1); pen.stroke(); };
    const every = width < 520 ? 2 : 1;
    for (let value = x.low, i = 0; value <= x.high + 1e-9; value += x.step, i++) {
      const [left] = this.place({ x: value, y: y.low });
      line(left, INSET.top, left, bottom);
      pen.textAlign = "center";
      if (i % every === 0) pen.fillText(x.format(value), left, bottom + 16);
    }
    for (let value = y.low; value <= y.high + 1e-9; value += y.step) {
      const [, top] = this.place({ x: x.low, y: value });
      line(INSET.left, top, width - INSET.right, top);
      pen.textAlign = "right";
      pen.fillText(y.format(value), INSET.left - 7, top + 4);
    }
    if (this.none) { line(INSET.left, bottom, width - INSET.right, bottom); pen.fillText(this.none, INSET.left - 7, bottom - INSET.band / 2 + 4); }
    pen.fillStyle = this.tone("ink");
    pen.textAlign = "center";
    pen.fillText(x.label, (INSET.left + width - INSET.right) / 2, height - 6);
    pen.save();
    pen.translate(12, (INSET.top + floor) / 2);
    pen.rotate(-Math.PI / 2);
    pen.fillText(y.label, 0, 0);
    pen.restore();
    pen.strokeStyle = this.tone("own");
    pen.setLineDash([6, 4]);
    for (const [axis, value, label] of this.lines) {
      const [left, top] = this.place({ x: axis ? x.low : value, y: axis ? value : y.low });
      if (axis) line(INSET.left, top, width - INSET.right, top); else line(left, INSET.top, left, floor);
      const late = !axis && left > width - INSET.right - 60;
      pen.textAlign = axis || late ? "right" : "left";
      pen.fillText(label, axis ? width - INSET.right - 4 : left + (late ? -5 : 5), axis ? top - 5 : INSET.top + 11);
    }
    pen.setLineDash([]);
  }

  nearest(event) {
    if (!this.spots) return -1;
    const box = this.canvas.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
    let best = -1, least = 144;
    this.spots.forEach(([left, top], index) => {
      const far = (left - x) ** 2 + (top - y) ** 2;
      if (far < least) { least = far; best = index; }
    });
    return best;
  }

  pick(at) {
    if (at === this.at) return;
    this.at = at;
    this.tip.hidden = at < 0;
    if (at >= 0) this.tip.textContent = this.points[at].tip;
    this.canvas.style.cursor = at >= 0 ? "pointer" : "crosshair";
    this.paint();
  }

  key(event) {
    const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    if (step && this.walked.length) {
      const now = this.walked.indexOf(this.at);
      this.pick(this.walked[now < 0 ? 0 : Math.min(this.walked.length - 1, Math.max(0, now + step))]);
    } else if (event.key === "Enter" && this.at >= 0) this.open(this.points[this.at].row);
    else return;
    event.preventDefault();
  }
}
