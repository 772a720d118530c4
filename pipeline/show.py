"""Results of commands for people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pipeline.progress import human_time


def text_of(result: dict[str, Any]) -> str:
    """The text of one command's result."""
    command = result.get("command", "")
    show: Callable[[dict[str, Any]], list[str]] = SHOW[command]
    return "\n".join(clean(line) for line in show(result))


def clean(text: str) -> str:
    """Control characters made visible, so that an id cannot drive a terminal."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


def table(rows: list[list[str]]) -> list[str]:
    """Rows as aligned columns: the first flush left, the others flush right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        lines.append("  ".join(cells).rstrip())
    return lines


def _balance(counts: dict[str, int]) -> str:
    return f"{counts['inputs']} inputs = " + " + ".join(f"{counts[name]} {name}" for name in ("results", "rejects", "errors", "pending"))


def _reasons(rejects: dict[str, int]) -> list[str]:
    return [f"  {count} {reason}" for reason, count in sorted(rejects.items(), key=lambda item: (-item[1], item[0]))]


def _left_out(left_out: dict[str, Any]) -> list[str]:
    """What of the recordings in the data set became no row, when anything did."""
    dropped, silence = left_out["dropped"], left_out["silence"]
    if not dropped and not silence:
        return []
    pieces, seconds = (sum(each[name] for each in dropped) for name in ("pieces", "seconds"))
    reasons = ", ".join(f"{each['pieces']} {each['reason']}" for each in dropped)
    what = f"{pieces} pieces of {human_time(seconds)} that are no conversation of two ({reasons}), and " if dropped else ""
    return [
        f"left out of {left_out['recordings']} recordings cut into conversations: {what}{human_time(silence)} of silence between pieces"
    ]


def _costs(costs: list[dict[str, Any]]) -> list[str]:
    """Worker seconds per second of audio, of the stages that took most; of codec tokens, per channel as the field tells it."""
    most = sorted((each for each in costs if each["rtf"] >= 0.0005), key=lambda each: -float(each["rtf"]))[:6]
    told = [
        f"{each['stage']} {each['rtf'] / 2:.3f} per channel" if each["stage"] == "tokenize" else f"{each['stage']} {each['rtf']:.3f}"
        for each in most
    ]
    return [f"of real time, for one worker: {', '.join(told)}"] if told else []


def _build(result: dict[str, Any]) -> list[str]:
    lines = [_balance(result["balance"])]
    if result["rejects"]:
        lines += ["rejects by reason:", *_reasons(result["rejects"])]
    if result["seconds"]:
        speed = result["hours"] * 3600 / result["seconds"]
        wall = f"{human_time(result['seconds'])} ({speed:.0f}x real time)"
        lines.append(f"{result['computed']} stage results computed on {result['hours']:.2f} h in {wall}")
        lines += _costs(result["costs"])
    else:
        lines.append("nothing to compute: every input was already done")
    if result["report"]:
        lines.append(f"{result['rows']} rows in {result['shards']} shards in {result['out']}")
        lines += [*_left_out(result["left_out"]), f"report: {result['report']}"]
    if result["ending"] == "interrupted":
        lines.append("interrupted; the same command continues from here")
    if result["balance"]["errors"]:
        lines.append(f"errors: see them with: duologue status {result['out']}; try again with: duologue retry {result['out']}")
    return lines


KINDS = {
    "stereo": "stereo files",
    "pair": "pairs of one file per side",
    "mono": "mono files",
    "other": "files of more than two channels",
    "unknown": "files not opened",
}


def _scan(result: dict[str, Any]) -> list[str]:
    lines = [f"{result['inputs']} inputs in {result['src']}: {result['sources']} recordings, {sum(result['rejects'].values())} rejects"]
    lines += [f"  {count} {KINDS[kind]}" for kind, count in result["counts"].items()]
    untimed = f", {result['untimed']} of unknown length" if result["untimed"] else ""
    lines.append(f"  {result['hours']:.2f} h by their headers{untimed}")
    for name in ("rates", "encodings", "ignored"):
        if result[name]:
            lines.append(f"{name}: " + ", ".join(f"{key} ({count})" for key, count in result[name].items()))
    if result["rejects"]:
        lines += ["rejects by reason:", *_reasons(result["rejects"])]
    if result["problems"]:
        lines += ["problems:", *[f"  {problem}" for problem in result["problems"]]]
    if result["manifest"]:
        lines.append(f"manifest: {result['manifest']}")
    return lines


def _stages(result: dict[str, Any]) -> list[str]:
    rows = [["stage", "backend", "done", "rejects", "errors", "to do", "address"]]
    for s in result["stages"]:
        rows.append([s["stage"], s["backend"], *(str(s[n]) for n in ("done", "rejects", "errors", "to_do")), s["address"]])
    return table(rows)


def _plan(result: dict[str, Any]) -> list[str]:
    return [_balance(result["balance"]), "", *_stages(result)]


def _status(result: dict[str, Any]) -> list[str]:
    lines = [f"source {result['src']}, work in {result['work']}", *_plan(result)]
    for error in result["errors_listed"]:
        lines.append(f"error: {error['id']} in {error['stage']}: {error['error'].strip().splitlines()[-1]}")
    return lines


def _retry(result: dict[str, Any]) -> list[str]:
    return [f"{result['cleared']} errors cleared; now run: {result['next']}"]


def _prune(result: dict[str, Any]) -> list[str]:
    verb = "would delete" if result["dry_run"] else "deleted"
    return [f"{verb} {len(result['folders'])} stage folders ({result['bytes'] / 1e6:.1f} MB) and {result['files']} results of other inputs"]


def _verify(result: dict[str, Any]) -> list[str]:
    lines = [f"{result['shards']} shards, {result['rows']} rows, {result['bytes'] / 1e6:.1f} MB read"]
    for damage in result["damages"]:
        where = damage["file"] if damage["group"] is None else f"{damage['file']}, row group {damage['group']}"
        lines.append(f"damaged: {where}: {damage['what']}")
    if result["damages"]:
        lines.append("delete the damaged files, then run the build again: it packs what is missing from the stored results")
    else:
        lines.append("all as committed")
    return lines


def _pack(result: dict[str, Any]) -> list[str]:
    lines = [f"{result['parts']} parts: {result['rows']} rows in {result['shards']} shards in {result['out']}", _balance(result["balance"])]
    return [*lines, *_left_out(result["left_out"]), f"report: {result['report']}"]


def _calibrate(result: dict[str, Any]) -> list[str]:
    from pipeline.calibrate.lines import lines

    return [_balance(result["balance"]), *lines(result)]


def _listen(result: dict[str, Any]) -> list[str]:
    return [
        f"{result['id']}: {result['frames']} frames of {result['codebooks']} codebooks of {result['codec']}, "
        f"{result['seconds']:.2f} s at {result['rate']} Hz: {result['file']}"
    ]


def _funnel(result: dict[str, Any]) -> list[str]:
    from pipeline.funnel import lines

    return lines(result)


def _simulate(result: dict[str, Any]) -> list[str]:
    made = f"{result['dialogues']} dialogues ({result['made']} made now), {result['hours']:.2f} h, {result['speakers']} speakers"
    rows = [["per minute", "wanted", "achieved"]]
    for name, wanted in result["wanted"].items():
        rows.append([name, "" if wanted is None else f"{wanted:.2f}", f"{result['achieved'][name]:.2f}"])
    lines = [f"{made} in {result['out']}", *table(rows)]
    if result["rejects"]:
        lines += ["utterances rejected by reason:", *_reasons(result["rejects"])]
    if result["problems"]:
        lines += ["problems:", *[f"  {problem}" for problem in result["problems"]]]
    return [*lines, f"next: duologue build {result['out']}/manifest.jsonl OUT"]


def _doctor(result: dict[str, Any]) -> list[str]:
    return [
        f"{'ok ' if check['ok'] else 'BAD' if check['needed'] else 'no '}  {check['name']}: {check['text']}" for check in result["checks"]
    ]


def _export(result: dict[str, Any]) -> list[str]:
    from pipeline.exports.commands import lines

    return lines(result)


def _demo(result: dict[str, Any]) -> list[str]:
    exported = _export(result["export"]) if result["export"] is not None else []
    return [*_build(result["build"]), *exported, *(_audit(result["audit"]) if result["audit"] is not None else ())]


def _audit(result: dict[str, Any]) -> list[str]:
    from pipeline.audit.lines import lines

    return lines(result)


def _lint(result: dict[str, Any]) -> list[str]:
    from pipeline.exports.lint.run import lines

    return lines(result)


def _shape(result: dict[str, Any]) -> list[str]:
    from pipeline.shape.lines import lines

    return lines(result)


def _redact(result: dict[str, Any]) -> list[str]:
    from pipeline.redact.lines import lines

    return lines(result)


SHOW: dict[str, Callable[[dict[str, Any]], list[str]]] = {
    "audit": _audit,
    "build": _build,
    "scan": _scan,
    "plan": _plan,
    "status": _status,
    "retry": _retry,
    "prune": _prune,
    "verify": _verify,
    "pack": _pack,
    "calibrate": _calibrate,
    "funnel": _funnel,
    "listen": _listen,
    "simulate": _simulate,
    "doctor": _doctor,
    "export": _export,
    "demo": _demo,
    "lint": _lint,
    "shape": _shape,
    "redact": _redact,
}
