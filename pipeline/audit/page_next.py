"""The verdict in words, and what to do next: the most hours first, with the command where there is one."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from pipeline.report.words import count, hours, several, share

MOST = 6
"""Steps shown; the findings below them hold the rest."""
AS_MONO = "duologue build {source} {name}-mono -c mono_calls"
COMMANDS = dict.fromkeys(("dual_mono", "one_scene", "mono"), AS_MONO)
"""Where one command does what the advice says."""
OF_A_SET = {"personal_data": "duologue redact {source} {name}-redacted"}
"""The same for a data set that was made here."""
WORDS = {
    "pass": ("Ready to use", "Nothing stands against any of it."),
    "flag": ("Usable, after a look", "Nothing must be left out, but some of it asks for a person's ears or a signature."),
    "reject": ("Not ready as it is", "Some of it must not be used as it is."),
}
LABELS = {"pass": "pass", "flag": "to look at", "reject": "not to be used"}


def headline(contents: Mapping[str, Any]) -> dict[str, Any]:
    """Title, sentence, and the hours of each verdict as parts of a bar."""
    amounts = dict.fromkeys(LABELS, 0.0)
    for each in contents["recordings"]:
        amounts[each["verdict"]] = amounts.get(each["verdict"], 0.0) + (each.get("seconds") or 0.0)
    counts, whole = contents["counts"], sum(amounts.values())
    title, about = WORDS.get(contents["verdict"], WORDS["flag"])
    if not contents["recordings"]:
        title, about = "Nothing to use", "No recording was found in it."
    elif amounts["reject"] == whole:
        title, about = "Do not use it", "Every recording has something against it."
    parts = [
        {
            "name": name,
            "label": LABELS[name],
            "hours": hours(amounts[name]),
            "recordings": several(counts[name], "recording", "recordings"),
            "share": share(amounts[name] / whole if whole else 0),
            "width": round(100 * amounts[name] / whole, 3) if whole else 0,
        }
        for name in LABELS
    ]
    return {"name": contents["verdict"], "title": title, "about": about, "parts": parts, "hours": hours(whole), "counts": counts}


def steps(contents: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What to do, ranked: what must not be used before what should be looked at, and most hours first; last, to build what is good."""
    source = str(contents["source"])
    ranked = sorted(
        (found for found in contents["findings"] if found["severity"] in ("reject", "flag")),
        key=lambda found: (found["severity"] != "reject", -found["hours"], found["name"]),
    )
    known = {**COMMANDS, **(OF_A_SET if _built(contents) else {})}
    steps = [_step(found, source, contents["name"], known) for found in ranked[:MOST]]
    usable = contents["counts"]["pass"] + contents["counts"]["flag"]
    if usable and not _built(contents):
        held = contents["counts"]["reject"]
        # A plain build would take in what must be left out.
        command = contents.get("build") or (None if held else _command("duologue build {source} {name}-set", source, contents["name"]))
        what = f"{several(usable, 'recording', 'recordings')} can be used" + (f"; leave the {count(held)} others out." if held else ".")
        steps.append({"name": "", "severity": "pass", "title": "Build a data set of what is good", "what": what, "command": command})
    return steps


def _step(found: Mapping[str, Any], source: str, name: str, commands: Mapping[str, str]) -> dict[str, Any]:
    advice = str(found["advice"])
    amount = f"{hours(3600 * found['hours'])} in {several(found['recordings'], 'recording', 'recordings')}"
    known = commands.get(found["name"])
    return {
        "name": found["name"],
        "severity": found["severity"],
        "subject": _subject(found["name"]),
        "title": advice,
        "what": f"{amount}: {found['meaning']}.",
        "command": found.get("command") or (_command(known, source, name) if known else None),
    }


def _built(contents: Mapping[str, Any]) -> bool:
    """Whether all of it is a data set that was made here, so that there is nothing to build."""
    return list(contents.get("corpora") or ()) == ["duologue"]


def _subject(name: str) -> str:
    text = name.replace("_", " ")
    return text[:1].upper() + text[1:]


def _command(text: str, source: str, name: str) -> str:
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "-" for c in name).strip("-.") or "audited"
    return text.format(source=shlex.quote(source), name=plain)
