"""A redacted row: nothing is left of what was said in its muted stretches, and nothing else has changed."""

from __future__ import annotations

import io
import itertools
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from pipeline.codecs import read_flac
from pipeline.coded import codes_of_row
from pipeline.redact.fill import TONE_DBFS, fade_of
from pipeline.redact.found import Muted, muted_in
from pipeline.redact.row import redacted
from pipeline.redact.settings import Redaction
from pipeline.redact.tokens import Recoder, hearing
from pipeline.shape.reading import held_set
from schemas.errors import UsageError
from schemas.plain import to_plain
from schemas.recording import full_scale
from schemas.row import Row, RowFidelity, RowOrigin
from schemas.span import Span, complement, union
from tests.pipeline.redact.made import Made, codec, private, set_of, wide
from tests.pipeline.report_sets import RATE

HOWS = ("silence", "tone", "noise")


@cache
def recoder() -> Recoder:
    found = object.__new__(Recoder)
    found.codec = codec()
    return found


@cache
def done(seed: int, twin: int, how: str, bits: int = 16) -> tuple[Made, Row]:
    made, settings = private(seed, twin=twin, bits=bits), Redaction(how=how)
    return made, redacted(made.row, muted_in(made.row, settings), settings, recoder())


def sound(row: Row, name: str = "audio") -> Any:
    return read_flac(io.BytesIO(getattr(row, name).bytes))[0]


def frames(row: Row) -> Any:
    assert row.codes is not None
    return codes_of_row(to_plain(row.codes), row.duration, row.rate)


def test_all_that_is_said_is_found_with_its_margin() -> None:
    made = private(1)
    found = muted_in(made.row, Redaction())
    assert {(m.kind, m.channel, m.span) for m in found} == set(made.muted)
    assert "turner" not in str(found)


@pytest.mark.parametrize("how", HOWS)
def test_twins_that_differ_in_what_is_muted_become_the_same_row(how: str) -> None:
    """The strongest there is to say: whatever was said there, in sound, text or codes, the row is the same to the bit."""
    (made, one), (other, two) = done(1, 0, how), done(1, 1, how)
    assert not np.array_equal(sound(made.row), sound(other.row))
    assert made.row.words != other.row.words
    assert not np.array_equal(frames(made.row).samples, frames(other.row).samples)
    assert one == two


@pytest.mark.parametrize("bits", [16, 24])
def test_outside_the_stretches_nothing_changes(bits: int) -> None:
    made, found = done(2, 0, "noise", bits)
    before, after = sound(made.row), sound(found)
    assert before.dtype == after.dtype
    for channel in (0, 1):
        for span in complement(wide(made, channel), before.shape[1]):
            assert np.array_equal(before[channel, span.start : span.end], after[channel, span.start : span.end])
    inside = [(c, s) for _, c, s in made.muted]
    for old, new in zip(made.row.words, found.words, strict=True):
        middle = (round(old.start * RATE) + round(old.end * RATE)) // 2
        hit = [kind for kind, c, s in made.muted if c == old.channel and s.start <= middle < s.end]
        assert new == replace(old, text=f"[{hit[0]}]") if hit else new == old
    old_codes, new_codes = frames(made.row), frames(found)
    for channel in (0, 1):
        heard = union(hearing(old_codes, span) for span in wide(made, channel))
        for span in complement(heard, old_codes.frames):
            assert np.array_equal(
                old_codes.samples[channel, :, span.start : span.end], new_codes.samples[channel, :, span.start : span.end]
            )
        assert 0 < sum(map(len, heard)) < old_codes.frames
    same = set(to_plain(made.row)) - {"audio", "words", "transcript", "events", "origins", "residual", "codes", "provenance", "redactions"}
    assert all(getattr(made.row, name) == getattr(found, name) for name in same)
    assert {(r.kind, r.channel, r.how) for r in found.redactions} == {(kind, c, "noise") for kind, c, _ in made.muted}
    assert len(inside) == len(found.redactions)


def test_silence_is_zeros_a_tone_is_a_tone_and_noise_is_as_loud_as_the_background() -> None:
    made, quiet = done(3, 0, "silence")
    _, beep = done(3, 0, "tone")
    for channel in (0, 1):
        for span in made.spans(channel):
            assert not sound(quiet)[channel, span.start : span.end].any()
            tone = sound(beep)[channel, span.start : span.end].astype(float) / full_scale(16)
            assert 20 * np.log10(np.sqrt(np.mean(tone**2))) == pytest.approx(TONE_DBFS, abs=0.1)
            assert round(float(np.abs(np.fft.rfft(tone)).argmax()) * RATE / len(tone)) == pytest.approx(1000, abs=RATE / len(tone))
    _, noisy = done(3, 0, "noise")
    for channel in (0, 1):
        loud = sound(noisy)[channel].astype(float)
        background = np.std(np.concatenate([loud[s.start : s.end] for s in complement(wide(made, channel), len(loud))]))
        for span in made.spans(channel):
            assert np.std(loud[span.start : span.end]) == pytest.approx(background, rel=0.25)


def test_fades_outside_leave_no_step() -> None:
    """A constant that goes to zero does so over the whole fade."""
    made = private(4)
    flat = np.full((2, round(made.row.duration * RATE)), 12000, np.int16)
    from pipeline.redact.fill import muted_sound

    found = muted_sound(flat[0], 0, made.spans(0), 16, RATE, "silence", (), "x").astype(int)
    assert np.abs(np.diff(found)).max() <= 12000 / fade_of(RATE) + 1
    for span in made.spans(0):
        assert not found[span.start : span.end].any()
        assert found[span.start - fade_of(RATE) - 1] == 12000


def test_decoded_codes_hold_nothing_of_it() -> None:
    made, found = done(5, 0, "silence")
    old, new = frames(made.row).samples, frames(found).samples
    seconds = codec().hop / codec().rate
    for _, channel, span in made.muted:
        first, last = int(span.start / RATE / seconds) + 2, int(span.end / RATE / seconds) - 2
        window = slice(first - 4, min(last + 4, old.shape[2]))
        before, after = (codec().decode(codes[:, :, window])[channel] for codes in (old, new))
        inside = slice(6 * codec().hop, -6 * codec().hop)
        if last - first > 4:
            assert np.sqrt(np.mean(after[inside] ** 2)) < 0.03 * np.sqrt(np.mean(before[inside] ** 2))
        outside = slice(0, codec().hop // 2)
        assert np.sqrt(np.mean(after[outside] ** 2)) > 0.1 * np.sqrt(np.mean(before[outside] ** 2))


def test_text_that_quotes_it_goes_and_what_is_measured_stays() -> None:
    made, found = done(6, 0, "silence")
    said = " ".join(str(each) for each in (found.words, found.events, found.transcript))
    for word in ("cheryl", "turner", "smith", "gmail", "double nine"):
        assert word in " ".join(str(each) for each in (made.row.words, made.row.events, made.row.transcript)) or word == "double nine"
        assert word not in said
    assert (found.stats, found.turns, found.speech) == (made.row.stats, made.row.turns, made.row.speech)
    assert [replace(e, text=None) for e in found.events] == [replace(e, text=None) for e in made.row.events]


def test_origins_still_tile_the_channels() -> None:
    made, found = done(7, 0, "noise")
    for channel in (0, 1):
        mine = [o for o in found.origins if o.channel == channel]
        assert mine[0].start == 0
        assert mine[-1].end == made.row.duration
        assert all(a.end == b.start for a, b in itertools.pairwise(mine))
        muted = [Span(round(o.start * RATE), round(o.end * RATE)) for o in mine if o.kind == "redacted"]
        assert tuple(muted) == made.spans(channel)


def test_fidelity_that_was_measured_there_is_dropped() -> None:
    made = private(8)
    assert made.row.codes is not None
    settings = Redaction()
    first = min(span.start for _, _, span in made.muted)
    for start, end, kept in ((0.0, first / RATE - 1, True), (0.0, first / RATE + 0.2, False)):
        held = tuple(RowFidelity(channel, start, max(end, 0.1), 1.0, None, None) for channel in (0, 1))
        row = replace(made.row, codes=replace(made.row.codes, fidelity=held, mismatch=0.0))
        found = redacted(row, muted_in(row, settings), settings, recoder())
        assert found.codes is not None
        assert (found.codes.fidelity, found.codes.mismatch) == ((held, 0.0) if kept else ((), None))


def test_where_the_mixture_is_on_both_channels_both_are_muted() -> None:
    made = private(9)
    routed = tuple(RowOrigin(channel, 0.0, made.row.duration, "routed", None) for channel in (0, 1))
    twice = {(m.kind, m.channel, m.span) for m in muted_in(replace(made.row, origins=routed), Redaction())}
    assert twice == {(kind, channel, span) for kind, _, span in made.muted for channel in (0, 1)}
    assert twice == {(m.kind, m.channel, m.span) for m in muted_in(made.row, Redaction(both=True))}
    only = muted_in(made.row, Redaction(kinds=("email",)))
    assert {m.kind for m in only} == {"email"}


def test_a_word_in_the_margin_keeps_its_text_and_one_inside_does_not() -> None:
    made = private(1)
    mine = [word for word in made.row.words if word.channel == 0]
    low, high = mine[10], mine[12]
    muted = (Muted("name", 0, Span(round(low.start * RATE) + 1, round(high.end * RATE) - 1), "…"),)
    settings = Redaction(codes="drop")
    found = [word for word in redacted(made.row, muted, settings, None).words if word.channel == 0]
    assert [word.text for word in found[10:13]] == ["[name]"] * 3
    assert (found[9], found[13]) == (mine[9], mine[13])


def test_without_the_codec_the_codes_go_and_foreign_codes_are_refused(tmp_path: Any) -> None:
    made = private(1)
    settings = Redaction(codes="drop")
    assert redacted(made.row, muted_in(made.row, settings), settings, None).codes is None
    assert made.row.codes is not None
    foreign = replace(made.row, codes=replace(made.row.codes, sha256="ab" * 32))
    with pytest.raises(
        UsageError, match=r"row call: its codes were made by weights of melrvq-standin with SHA-256 abababababab, .*--codes drop"
    ):
        redacted(foreign, muted_in(foreign, settings), settings, recoder())
    set_of(tmp_path / "set", [made.row], 1)
    held = held_set(__import__("pipeline.place", fromlist=["place_at"]).place_at(str(tmp_path / "set")))
    held.manifest["config"]["tokenize"] = {"backend": "mimi", "model": str(tmp_path / "nowhere")}
    with pytest.raises(UsageError, match="name its weights with --model, or give up the codes"):
        Recoder(held, None, "cpu")


def test_a_row_without_findings_is_the_row_itself() -> None:
    made = private(1)
    settings = Redaction(kinds=("card",))
    assert redacted(made.row, muted_in(made.row, settings), settings, recoder()) is made.row
