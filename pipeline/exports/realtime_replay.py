"""Play the user's side of an exported conversation into a realtime voice API. Needs nothing but Python.

    from replay import messages
    for at, message in messages("train/00000/call-1-0.jsonl", "openai"):    # or "gemini"
        await until(at)                                                      # seconds from the start
        await socket.send(json.dumps(message))

What the API answers can be held against the events `agent_said` of the same log: what the human said, and when.
"""

from __future__ import annotations

import base64
import json
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

RATES = {"openai": 24000, "gemini": 16000}
"""Hz of 16-bit little-endian mono PCM that each API hears."""


def events(log: str | Path) -> list[dict[str, Any]]:
    """All events of a conversation, by time."""
    with Path(log).open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def messages(log: str | Path, api: str) -> Iterator[tuple[float, dict[str, Any]]]:
    """When to send what: seconds from the start at which the user has said it, and the message."""
    rate = RATES[api]
    for event in events(log):
        if event["type"] == "user_audio" and event["rate"] == rate:
            sound = base64.b64encode(pcm(log, event)).decode("ascii")
            if api == "openai":
                yield event["at"], {"type": "input_audio_buffer.append", "audio": sound}
            else:
                yield event["at"], {"realtimeInput": {"audio": {"data": sound, "mimeType": f"audio/pcm;rate={rate}"}}}


def pcm(log: str | Path, event: dict[str, Any]) -> bytes:
    """The samples of a `user_audio` event as 16-bit little-endian PCM."""
    first, last = event["samples"]
    with wave.open(str(Path(log).with_suffix(f".{event['track']}.wav")), "rb") as track:
        track.setpos(first)
        return track.readframes(last - first)
