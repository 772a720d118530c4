// What a player file holds, made ready to draw and search; all times in milliseconds.

const NAMES = {
  backchannel: "backchannel", interruption: "interruption", failed: "failed interruption", filler: "filler", laughter: "laughter",
  floor: "change of the floor",
};
const KINDS = { original: "as recorded", routed: "routed overlap", separated: "separated", restored: "restored", silence: "silence" };
const UNSEEN = /[\p{C}\u2028\u2029]/u;

const plain = (text) => Array.from(String(text), (c) => (UNSEEN.test(c) ? `[U+${c.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}]` : c)).join("");

/** An element with text, attributes and children; text is never read as markup. */
function make(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "text") node.textContent = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** Foreign text, isolated from its surroundings' direction, with unseen characters spelled as code points. */
function foreign(text) {
  const node = make("bdi");
  let run = "";
  for (const c of String(text)) {
    if (!UNSEEN.test(c)) { run += c; continue; }
    if (run) node.append(run);
    run = "";
    node.append(make("span", { class: "code-point", text: plain(c).slice(1, -1) }));
  }
  node.append(run);
  return node;
}

const clock = (ms, digits = 0) => {
  const tenths = Math.max(0, digits ? Math.floor(ms / 100) : Math.floor(ms / 1000) * 10);
  const minutes = Math.floor(tenths / 600), rest = (tenths % 600) / 10;
  return `${minutes}:${rest.toFixed(digits).padStart(digits ? 4 : 2, "0")}`;
};
const worded = (name) => String(name).replaceAll("_", " ");
const bytesOf = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

/** Index of the last of sorted numbers that is at most `value`; -1 if none is. */
function lastAt(sorted, value) {
  let low = 0, high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= value) low = middle + 1; else high = middle;
  }
  return low - 1;
}

class Talk {
  constructor(data) {
    Object.assign(this, data);
    this.peaks = data.outline.peaks.map((text) => new Int8Array(bytesOf(text).buffer));
    this.step = data.outline.step;
    this.starts = data.words.map((word) => word[1]);
    this.lines = this.grouped();
    this.marks = data.events.map((event) => ({ mark: Talk.mark(event), channel: event[1], start: event[2], end: event[3], text: event[4] }))
      .filter((each) => each.mark);
    this.made = data.origins.some((origin) => origin[3] !== "original");
    this.stretches = data.findings.flatMap((found) => found.stretches.map(([start, end, channel]) => ({ start, end, channel, found })))
      .sort((a, b) => a.start - b.start || a.end - b.end);
  }

  static mark([kind, , , , , detail]) {
    if (kind === "interruption" && detail === "failed") return "failed";
    if (kind === "floor_change") return "floor";
    return kind in NAMES ? kind : null;
  }

  /** Words of one side in a row, up to a second of silence or the other side's next words. */
  grouped() {
    const lines = [], open = [null, null];
    this.words.forEach(([channel, start, end], index) => {
      const line = open[channel];
      const other = open[1 - channel];
      const broken = !line || start - line.end > 1000 || (other && other.start > line.end - 200 && other.start < start && start - line.end > 200);
      if (broken) {
        open[channel] = { channel, start, end, words: [index] };
        lines.push(open[channel]);
      } else {
        line.words.push(index);
        line.end = Math.max(line.end, end);
      }
    });
    return lines;
  }

  /** Who speaks at a moment, as a person would say it. */
  saying(ms) {
    const on = this.speech.map((flat) => {
      const at = lastAt(flat, ms);
      return at >= 0 && at % 2 === 0;
    });
    const who = this.sides.filter((_, side) => on[side]);
    if (!this.speech.length) return "";
    return who.length === 2 ? "both speak" : who.length ? `${plain(who[0])} speaks` : "nobody speaks";
  }
}
