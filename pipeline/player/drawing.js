// The canvas: where things stand, and in which colours.

const ROW = { findings: 8, ruler: 20, words: 18, marks: 14, lane: 68, origins: 8, middle: 22 };
const PATHS = {
  backchannel: "M-3.6 0A3.6 3.6 0 1 0 3.6 0A3.6 3.6 0 1 0 -3.6 0Z", interruption: "M-4 -3.6L4 0L-4 3.6Z", failed: "M-4 -3.6L4 0L-4 3.6Z",
  filler: "M0 -4L3.4 0L0 4L-3.4 0Z", laughter: "M-3.6 0H3.6M0 -3.6V3.6M-2.6 -2.6L2.6 2.6M-2.6 2.6L2.6 -2.6", floor: "M0 -6V6",
};
const FILLED = ["backchannel", "interruption"];
const MARK_COLOUR = { failed: "interruption", floor: "own" };
const STEPS = [100, 200, 500, 1000, 2000, 5000, 10000, 15000, 30000, 60000, 120000, 300000, 600000, 1800000, 3600000];

/** Heights from top to bottom, for one or two sides. */
function layout(talk) {
  const two = talk.sides.length > 1, spoken = talk.words.length > 0, marked = talk.marks.some((each) => each.mark !== "floor");
  const rows = { lanes: [], words: [], marks: [], origins: [] };
  let y = 0;
  const row = (height) => { const top = y; y += height; return top; };
  rows.ruler = row(ROW.ruler);
  rows.findings = talk.stretches.length ? row(ROW.findings + 2) : y;
  rows.words.push(spoken ? row(ROW.words) : null);
  rows.marks.push(marked ? row(ROW.marks) : null);
  rows.lanes.push(row(ROW.lane));
  rows.origins.push(talk.made ? row(ROW.origins) : null);
  if (two) {
    rows.middle = row(ROW.middle);
    rows.origins.push(talk.made ? row(ROW.origins) : null);
    rows.lanes.push(row(ROW.lane));
    rows.marks.push(marked ? row(ROW.marks) : null);
    rows.words.push(spoken ? row(ROW.words) : null);
  }
  rows.bottom = y + 6;
  return rows;
}

function colours(element) {
  const style = getComputedStyle(element), found = {};
  for (const name of ["ground", "sheet", "ink", "soft", "line", "faint", "side0", "side1", "overlap", "overlap-ground", "flag",
    "flag-ground", "note-line", "own", "backchannel", "interruption", "filler", "laughter", "link"]) {
    found[name] = style.getPropertyValue(`--${name}`).trim() || "#777";
  }
  found.font = style.fontFamily;
  return found;
}

/** A canvas as sharp as the screen, and its pen. */
function sized(canvas, width, height) {
  const ratio = Math.min(3, window.devicePixelRatio || 1);
  canvas.width = Math.max(1, Math.round(width * ratio));
  canvas.height = Math.max(1, Math.round(height * ratio));
  canvas.style.height = `${height}px`;
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  return pen;
}

function hatching(pen, colour, ground) {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 12;
  const brush = tile.getContext("2d");
  brush.fillStyle = ground;
  brush.fillRect(0, 0, 12, 12);
  brush.strokeStyle = colour;
  brush.lineWidth = 2.4;
  for (const shift of [-12, 0, 12]) {
    brush.beginPath();
    brush.moveTo(shift - 1, 13);
    brush.lineTo(shift + 13, -1);
    brush.stroke();
  }
  const pattern = pen.createPattern(tile, "repeat");
  pattern.setTransform(new DOMMatrix().scale(0.5));
  return pattern;
}

/** The waveform of one side between two moments as a closed path, from decoded sound where it is there and fine enough. */
function waveform(talk, sound, side, view, width, middle, half) {
  const path = new Path2D(), lows = [];
  const scale = view.span / width;
  const peaks = talk.peaks[side], points = peaks.length / 2;
  const shape = (value) => Math.sign(value) * Math.sqrt(Math.abs(value));
  const near = (ms, end) => {
    const window = scale < talk.step && sound ? sound.windows.find((each) => each.start <= ms && ms < each.end) : null;
    const fine = window && sound.fine.get(window)?.[side];
    if (fine) return reach(fine, (ms - window.start) * FINE / 1000, (end - window.start) * FINE / 1000, shape);
    return reach(peaks, ms / talk.step, end / talk.step, (value) => value / 127, points);
  };
  for (let x = 0; x <= width; x++) {
    const ms = view.from + x * scale;
    if (ms < 0 || ms > talk.duration) continue;
    const [low, high] = near(ms, ms + scale);
    path.lineTo(x, middle - Math.max(0.5, high * half));
    lows.push([x, middle - Math.min(-0.5, low * half)]);
  }
  for (const [x, y] of lows.reverse()) path.lineTo(x, y);
  path.closePath();
  return path;
}

/** Lowest and highest of pairs between two places, read between two pairs where the places fall into one. */
function reach(pairs, from, to, value) {
  const count = pairs.length / 2;
  const first = Math.min(count - 1, Math.max(0, Math.floor(from))), last = Math.min(count, Math.max(first + 1, Math.floor(to)));
  let low = Infinity, high = -Infinity;
  for (let i = first; i < last; i++) {
    low = Math.min(low, pairs[2 * i]);
    high = Math.max(high, pairs[2 * i + 1]);
  }
  if (to - from < 1 && first + 1 < count) {
    const part = Math.min(1, Math.max(0, from - first));
    low = low * (1 - part) + pairs[2 * first + 2] * part;
    high = high * (1 - part) + pairs[2 * first + 3] * part;
  }
  return [value(low), value(high)];
}
