// The page of an audit: its lists, plots and the sheet in which a recording opens.

const data = JSON.parse(document.getElementById("data").textContent);
const said = (index) => (index === null ? null : data.words[index]);
const VERDICTS = ["pass", "flag", "reject"], SEVERITIES = ["note", "flag", "reject"];
const ABSENT = "–";
const fixed = (value, digits, unit = "") => (value === null || value === undefined ? ABSENT : value.toFixed(digits).replace("-", "−") + unit);

const recordings = data.recordings.map(([id, verdict, seconds, corpus, licence, language, consent, split, rate, channels, levels, leaks, taking, speakers, uris, findings, player]) => ({
  id, verdict, seconds, corpus: said(corpus), licence: said(licence), language: said(language), consent: said(consent), split: said(split), rate, channels, levels, leaks,
  taking, speakers, uris, player,
  findings: findings.map(([name, severity, detail, channel, value, unit, limit, stretches]) => ({ name: said(name), severity, detail, channel, value, unit: said(unit), limit, stretches })),
}));
const files = data.files.map(([path, what, bytes, verdict, why, owners, count]) => ({ path, what: said(what), bytes, verdict, why: said(why), owners, count }));

const chip = (names, index) => (index === null ? make("span", { class: "chip is-note", text: "none" }) : make("span", { class: `chip is-${names[index]}`, text: names[index] }));
const lasting = (seconds) => {
  if (seconds === null) return ABSENT;
  const whole = Math.round(seconds), two = (value) => String(value).padStart(2, "0");
  return whole >= 3600 ? `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}` : `${Math.floor(whole / 60)}:${two(whole % 60)}`;
};
const bytes = (size) => (size === null ? ABSENT : size < 1e4 ? `${size} B` : size < 1e7 ? `${(size / 1e3).toFixed(0)} kB` : `${(size / 1e6).toFixed(0)} MB`);
const named = (text) => { const node = foreign(text); const box = make("span", { class: "id", title: plain(text) }); box.append(node); return box; };
const worst = (each) => [...each.findings].sort((a, b) => b.severity - a.severity).map((found) => worded(found.name));
const highest = (values) => { const known = values.filter((value) => value !== null); return known.length ? Math.max(...known) : null; };
const quiet = (each) => { const known = each.levels.filter((value) => value !== null); return known.length ? Math.min(...known) : null; };

const list = new List(document.querySelector('[data-list="recordings"]'), {
  label: "recordings", rows: recordings, open: (row) => show(row),
  text: (each) => [each.id, each.corpus, each.licence, each.language, each.split, ...each.speakers, ...each.uris, ...each.findings.map((found) => `${found.name} ${worded(found.name)}`)].join(" "),
  filters: [
    { name: "Verdict", choices: VERDICTS.map((name, index) => [String(index), name]), keeps: (each, value) => each.verdict === Number(value) },
    { name: "Finding", choices: Object.keys(data.meanings).map((name) => [name, worded(name)]), keeps: (each, value) => each.findings.some((found) => found.name === value) },
    { name: "Player", choices: [["1", "with a player"], ["0", "without"]], keeps: (each, value) => Boolean(each.player) === (value === "1") },
  ],
  columns: [
    { name: "Verdict", width: "4.4rem", sort: (each) => -each.verdict, cell: (each) => chip(VERDICTS, each.verdict), narrow: true },
    { name: "Recording", width: "minmax(8rem, 1.4fr)", sort: (each) => each.id, cell: (each) => named(each.id), narrow: true },
    { name: "Length", width: "4rem", sort: (each) => each.seconds, cell: (each) => lasting(each.seconds), narrow: true },
    { name: "Findings", width: "minmax(8rem, 1.6fr)", sort: (each) => -each.findings.length, cell: (each) => worst(each).join(", "), quiet: true },
    { name: "Licence", width: "minmax(5rem, .8fr)", sort: (each) => each.licence, cell: (each) => (each.licence ? foreign(each.licence) : ABSENT), quiet: true },
    { name: "Language", width: "5rem", sort: (each) => each.language, cell: (each) => (each.language ? foreign(each.language) : ABSENT), quiet: true },
    { name: "Quieter side", width: "6.2rem", sort: quiet, cell: (each) => fixed(quiet(each), 0, " dBFS"), quiet: true },
    { name: "Leak", width: "4rem", sort: (each) => highest(each.leaks), cell: (each) => fixed(highest(each.leaks), 0, " dB"), quiet: true },
    { name: "Overlap", width: "4.4rem", sort: (each) => each.taking[0], cell: (each) => (each.taking[0] === null ? ABSENT : fixed(100 * each.taking[0], 1, " %")), quiet: true },
    { name: "Player", width: "3.6rem", sort: (each) => (each.player ? 0 : 1), cell: (each) => (each.player ? "▶" : ABSENT), quiet: true },
  ],
});

new List(document.querySelector('[data-list="files"]'), {
  label: "files", rows: files, open: (file) => { const row = recordings.find((each) => each.id === file.owners[0]); if (row) show(row); },
  text: (each) => [each.path, each.what, each.why, ...each.owners].join(" "),
  filters: [
    { name: "Verdict", choices: [...VERDICTS.map((name, index) => [String(index), name]), ["null", "none"]], keeps: (each, value) => String(each.verdict) === value },
    { name: "Kind", choices: [...new Set(files.map((each) => each.what))].filter(Boolean).sort().map((name) => [name, worded(name)]), keeps: (each, value) => each.what === value },
  ],
  columns: [
    { name: "Verdict", width: "4.4rem", sort: (each) => (each.verdict === null ? null : -each.verdict), cell: (each) => chip(VERDICTS, each.verdict), narrow: true },
    { name: "File", width: "minmax(9rem, 1.5fr)", sort: (each) => each.path, cell: (each) => named(each.path), narrow: true },
    { name: "Kind", width: "6rem", sort: (each) => each.what, cell: (each) => (each.what ? worded(each.what) : ABSENT), quiet: true },
    { name: "Size", width: "5rem", sort: (each) => each.bytes, cell: (each) => bytes(each.bytes), narrow: true, quiet: true },
    { name: "Why", width: "minmax(8rem, 1.6fr)", sort: (each) => each.why, cell: (each) => (each.why ? foreign(each.why) : ""), quiet: true },
    { name: "Recordings", width: "6rem", sort: (each) => each.count, cell: (each) => String(each.count), quiet: true },
  ],
});

const sheet = document.getElementById("open"), part = (name) => document.getElementById(`open-${name}`);
let player = null, turn = 0;

async function show(row) {
  const mine = ++turn;
  player?.close();
  player = null;
  const at = list.order.indexOf(recordings.indexOf(row));
  list.active = at;
  part("back").disabled = list.beside(-1) === null || at < 0;
  part("on").disabled = list.beside(1) === null || at < 0;
  part("kind").replaceChildren(chip(VERDICTS, row.verdict), ` ${[row.corpus && plain(row.corpus), lasting(row.seconds), row.channels && `${row.channels} channel${row.channels === 1 ? "" : "s"}`, row.rate && `${row.rate / 1000} kHz`].filter(Boolean).join(" · ")}`);
  part("title").replaceChildren(foreign(row.id));
  part("about").replaceChildren(reasons(row), facts(row));
  if (!sheet.open) sheet.showModal();
  sheet.scrollTop = 0;
  if (!row.player) {
    part("player").replaceChildren(make("p", { class: "status", text: `No player was written for this recording.${row.uris.length ? ` It lies at ${row.uris.map(plain).join(" and ")}.` : ""}` }));
    return;
  }
  const key = row.player.replace(/^.*\//, "").replace(/\.js$/, "");
  const made = await window.duologue.open(key, row.player, part("player"));
  if (mine === turn && sheet.open) player = made; else made?.close();
}

function reasons(row) {
  const root = make("ul", { class: "reasons" });
  for (const found of [...row.findings].sort((a, b) => b.severity - a.severity)) {
    const [meaning, advice] = data.meanings[found.name] ?? ["", ""];
    const told = [found.channel === null ? "" : `channel ${found.channel}`, found.value === null ? "" : `${fixed(found.value, 3).replace(/\.?0+$/, "")} ${found.unit ?? ""}`.trim(),
      found.limit === null ? "" : `limit ${fixed(found.limit, 3).replace(/\.?0+$/, "")}`].filter(Boolean).join(", ");
    const text = make("div", {}, make("p", {}, make("strong", { text: worded(found.name) }), ` ${found.detail ? "" : meaning}`, foreign(found.detail), told ? ` (${told})` : ""),
      make("p", { class: "advice", text: advice }));
    const stretches = found.stretches.slice(0, 12).map(([start, end]) => make("button", { type: "button", class: "open-it", text: `${clock(1000 * start)}–${clock(1000 * end)}`,
      onclick: () => { player?.visit({ start: 1000 * start, end: 1000 * end, found }); player?.wave.focus(); } }));
    if (stretches.length && row.player) text.append(make("div", { class: "chips" }, ...stretches));
    root.append(make("li", {}, chip(SEVERITIES, found.severity), text));
  }
  if (!row.findings.length) root.append(make("li", {}, chip(VERDICTS, 0), "Nothing was found."));
  return root;
}

function facts(row) {
  const [overlap, fto, backchannels, interruptions, dominance] = row.taking;
  const both = (values, unit) => (values.some((value) => value !== null) ? values.map((value) => fixed(value, 0)).join(" and ") + unit : null);
  const all = [["Licence", row.licence], ["Consent", row.consent], ["Language", row.language], ["Split", row.split], ["Speakers", row.speakers.join(", ")],
    ["Speech level", both(row.levels, " dBFS")], ["Other side heard in each", both(row.leaks, " dB")], ["Overlap", overlap === null ? null : fixed(100 * overlap, 1, " %")],
    ["Median floor transfer", fto === null ? null : fixed(fto, 2, " s")], ["Backchannels a minute", backchannels === null ? null : fixed(backchannels, 1)],
    ["Interruptions a minute", interruptions === null ? null : fixed(interruptions, 1)], ["Dominance", dominance === null ? null : fixed(100 * dominance, 0, " %")]];
  const root = make("dl", { class: "facts" });
  for (const [name, value] of all) if (value) root.append(make("div", {}, make("dt", { text: name }), make("dd", {}, foreign(value))));
  if (row.uris.length) root.append(make("div", { class: "wide-fact" }, make("dt", { text: row.uris.length > 1 ? "Files" : "File" }), ...row.uris.map((uri) => make("dd", {}, foreign(uri)))));
  return root;
}

const away = () => { turn++; player?.close(); player = null; part("player").replaceChildren(); list.paint(true); };
sheet.addEventListener("close", away);
sheet.addEventListener("click", (event) => { if (event.target === sheet) sheet.close(); });
part("close").onclick = () => sheet.close();
part("back").onclick = () => list.act(list.beside(-1));
part("on").onclick = () => list.act(list.beside(1));

function shown(name, only) {
  list.input.value = "";
  list.selects.forEach((select, index) => { select.value = index === 1 ? name : ""; });
  list.sift();
  if (only) document.getElementById("recordings").scrollIntoView();
}

for (const each of document.querySelectorAll(".findings details")) {
  each.addEventListener("toggle", () => {
    const name = each.dataset.finding, into = each.querySelector(".found");
    if (!each.open || into.childNodes.length) return;
    const mine = recordings.filter((row) => row.findings.some((found) => found.name === name)).sort((a, b) => (b.seconds ?? 0) - (a.seconds ?? 0));
    const buttons = mine.slice(0, 24).map((row) => make("button", { type: "button", class: "open-it", title: plain(row.id), onclick: () => { shown(name, false); list.active = list.order.indexOf(recordings.indexOf(row)); show(row); } }, foreign(row.id)));
    if (mine.length > 24) buttons.push(make("button", { type: "button", class: "open-it", text: `All ${mine.length.toLocaleString("en")} in the list`, onclick: () => shown(name, true) }));
    into.append(make("div", { class: "chips" }, ...buttons));
  });
}
for (const link of document.querySelectorAll("a.see")) link.addEventListener("click", () => { const each = document.getElementById(`finding-${link.dataset.finding}`); if (each) each.open = true; });
if (navigator.clipboard) for (const button of document.querySelectorAll(".copy")) {
  button.hidden = false;
  button.onclick = async () => { await navigator.clipboard.writeText(button.dataset.copy); button.textContent = "Copied"; };
}

const plot = (name) => document.querySelector(`[data-plot="${name}"]`);
const around = (values, step, low, high) => [Math.max(low, Math.floor(Math.min(...values, high - step) / step) * step), Math.min(high, Math.ceil(Math.max(...values, low + step) / step) * step)];
const from = (values, pick) => values.reduce((best, value) => pick(best, value), values[0] ?? 0);
const extent = (values, step, low, high) => around([from(values, Math.min), from(values, Math.max)], step, low, high);
const dashed = (value) => String(value).replace("-", "−");

const sides = recordings.flatMap((row, index) => row.levels.map((x, channel) => ({ x, y: row.leaks[channel] ?? null, verdict: row.verdict, row, spread: ((2 * index + channel) * 0.618) % 1 - 0.5,
  tip: `${plain(row.id).slice(0, 60)}, channel ${channel}: ${fixed(x, 1, " dBFS")}${row.leaks[channel] === null || row.leaks[channel] === undefined ? "" : `, the other side at ${fixed(row.leaks[channel], 1, " dB")}`}` })))
  .filter((point) => point.x !== null);
if (sides.length) {
  const [low, high] = extent(sides.map((point) => point.x), 10, -90, 0), leaks = sides.map((point) => point.y).filter((value) => value !== null);
  const [least, most] = extent(leaks, 10, -80, 10);
  new Scatter(plot("levels"), { label: "Speech level and leakage of each side", points: sides, none: "none", open: show, height: 360,
    axes: [{ low, high, step: 10, label: "speech level (dBFS)", format: dashed }, { low: least, high: most, step: 10, label: "other side heard (dB)", format: dashed }] });
} else plot("levels").append(make("p", { class: "empty", text: "Nothing to draw." }));

const talks = recordings.filter((row) => row.taking[0] !== null && row.taking[1] !== null).map((row) => ({ x: 100 * row.taking[0], y: row.taking[1], verdict: row.verdict, row,
  tip: `${plain(row.id).slice(0, 60)}: ${fixed(100 * row.taking[0], 1, " %")} overlap, median transfer ${fixed(row.taking[1], 2, " s")}` }));
if (talks.length) {
  const [, high] = extent(talks.map((point) => point.x), 5, 0, 60), [low, top] = extent(talks.map((point) => point.y), 0.5, -2, 2.5);
  new Scatter(plot("taking"), { label: "Overlap and median floor transfer offset", points: talks, open: show, height: 300,
    lines: [[0, 100 * data.references.overlap[1], data.references.overlap[0]], [1, data.references.fto[1], data.references.fto[0]]],
    axes: [{ low: 0, high, step: high > 30 ? 10 : 5, label: "overlap (% of time)", format: dashed }, { low, high: top, step: 0.5, label: "median FTO (s)", format: dashed }] });
} else plot("taking").append(make("p", { class: "empty", text: "Nothing to draw." }));
