"""What a redaction muted, as lines for people."""

from __future__ import annotations

from typing import Any

from pipeline.progress import human_time

SHOWN = 20
"""Stretches that a dry run names."""


def lines(result: dict[str, Any]) -> list[str]:
    """The lines of `duologue redact`."""
    rows = result["rows"]
    found = [
        f"{rows['redacted']} of {rows['inputs']} rows hold personal data: {result['spans']} stretches, {human_time(result['hours'] * 3600)}"
    ]
    if rows["without_words"]:
        found.append(f"{rows['without_words']} rows have no words, so nothing can be found in them: they stay as they are")
    if "would_mute" in result:
        spans = result["would_mute"]
        found += [
            f"would mute {each['row']} channel {each['channel']} {each['start']:.2f} to {each['end']:.2f} s: {each['kind']} {each['shown']}"
            for each in spans[:SHOWN]
        ]
        if len(spans) > SHOWN:
            found.append(f"and {len(spans) - SHOWN} more; --json names them all")
        return [*found, "nothing was written"]
    found += [f"  {each['spans']} {each['kind']}, {human_time(each['seconds'])}" for each in result["by_kind"]]
    found.append(f"{result['shards']} shards in {result['out']}; the voices themselves are biometric data and are still there")
    return [*found, f"report: {result['report']}"]
