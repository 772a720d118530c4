"""Words in turn-taking: whose they are, and what those on the lists change."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.activity import Activity
from schemas.errors import LawError
from schemas.span import Span, union
from schemas.stats import BACKCHANNEL_WORDS, FILLER_WORDS, LAUGHTER_WORDS, Stats
from schemas.transcript import Language, Piece, Recovered, Transcript, Word
from stages.transcribe.unworded import unworded
from stages.turns.floor import Side
from stages.turns.said import bracketed, consists, owners, phrases, plain
from stages.turns.stats import TurnTaking
from tests.stages.turns.taking_reference import listed, nearest, reference, words_of
from tests.stages.turns.talk_words import RATE, STEPS, swapped, worded

TAKING = TurnTaking().load("cpu")
KINDS = ("plain", "transitions", "backchannels", "interruptions", "failed_interruptions")


@given(worded())
def test_equal_to_giving_words_to_ipus_one_by_one(talk: tuple[Activity, Transcript]) -> None:
    activity, transcript = talk
    found = TAKING(activity, transcript)
    truth = reference(activity, found.constants, transcript)
    for channel, side in enumerate(found.channels):
        assert {name: getattr(side, name) for name in KINDS} == {name: truth["kinds"][channel].count(name) for name in KINDS}
        ipus = truth["ipus"][channel]
        written = [w for w in transcript.words(channel) if plain(w.text) and not w.text.startswith(("[", "<"))]
        assert side.words == len(written)
        mine = [nearest(w.span.start, w.span.end, ipus, 3) for w in written]
        spoken = sum(ipus[i][1] - ipus[i][0] for i in {i for i in mine if i is not None})
        assert side.speech_rate == (pytest.approx(sum(i is not None for i in mine) * RATE / spoken) if spoken else None)
    assert [side.unworded for side in found.channels] == pytest.approx([n / RATE for n in unworded(transcript, activity)])


@given(worded(languages=(None, "en", "en-GB", "de")))
def test_words_change_no_times_and_swap_with_the_channels(talk: tuple[Activity, Transcript]) -> None:
    activity, transcript = talk
    with_words, without = TAKING(activity, transcript), TAKING(activity)
    for name in ("ipu", "pause", "gap", "overlap", "overlaps", "silence", "single", "speech_dominance"):
        assert getattr(with_words, name) == getattr(without, name)
    for told, bare in zip(with_words.channels, without.channels, strict=True):
        assert told.backchannels >= bare.backchannels
    turned = TAKING(replace(activity, channels=activity.channels[::-1]), swapped(transcript))
    assert replace(turned, channels=turned.channels[::-1]) == with_words


@given(spans=STEPS, ipus=STEPS.map(union), reach=st.integers(0, 12))
def test_a_word_is_its_nearest_ipus(spans: tuple[Span, ...], ipus: tuple[Span, ...], reach: int) -> None:
    side = Side.of(ipus)
    pairs = [(s.start, s.end) for s in ipus]
    wanted = [nearest(s.start, s.end, pairs, reach) for s in spans]
    assert owners(spans, side, reach).tolist() == [-1 if each is None else each for each in wanted]


def talk(answer: str, size: float, language: str | None = None, heard: str = "") -> tuple[Activity, Transcript]:
    """One side speaks from 0 to 10 s, the other answers at 4 s for `size` seconds."""
    start, end = 400, round(400 + 100 * size)
    words = answer.split()
    cuts = np.linspace(start, end, len(words) + 1).astype(int).tolist()
    said = tuple(Word(Span(a, b), text, "given") for a, b, text in zip(cuts, cuts[1:], words, strict=False))
    known = None if language is None else Language(language, "fixed")
    activity = Activity(channels=((Span(0, 1000),), (Span(start, end),)), length=1200, rate=100)
    pieces = (Piece(0, Span(0, 1000), (Word(Span(10, 900), "so", "given"),)), Piece(1, Span(start, end), said))
    recovered = (Recovered(1, Span(start, end), heard, None, "test"),) if heard else ()
    return activity, Transcript(pieces=pieces, length=1200, rate=100, languages=(None, known), recovered=recovered)


def second(found: Stats) -> tuple[int, int]:
    return found.channels[1].backchannels, found.channels[1].failed_interruptions


@pytest.mark.parametrize(
    ("answer", "size", "language", "backchannel"),
    [
        ("Yeah, yeah. Of course!", 2.4, None, True),
        ("Yeah, yeah. Of course!", 2.4, "en-US", True),
        ("Yeah, yeah. Of course!", 2.4, "de", False),
        ("Yeah, yeah. Of course!", 2.9, None, True),
        ("Yeah, yeah. Of course!", 3.1, None, False),
        ("Yeah, of the dog", 2.4, None, False),
        ("of", 2.4, None, False),
        ("course of", 2.4, None, False),
        ("", 2.4, None, False),
        ("Mm-hmmmm [laughter]", 2.4, None, True),
        ("[laughter]", 2.4, None, False),
        ("the dog", 1.1, None, True),
    ],
)
def test_a_longer_backchannel_is_known_by_its_words(answer: str, size: float, language: str | None, backchannel: bool) -> None:
    assert second(TAKING(*talk(answer, size, language))) == ((1, 0) if backchannel else (0, 1))


def test_what_was_recovered_is_listed_in_any_language() -> None:
    assert second(TAKING(*talk("", 2.4, "de", heard="mhm"))) == (1, 0)
    assert second(TAKING(*talk("Hund", 2.4, "de", heard="mhm"))) == (0, 1)


def test_the_lists_can_be_others() -> None:
    german = TurnTaking(backchannel_words=("ja", "ach so"), filler_words=("äh",), list_language="de").load("cpu")
    assert second(german(*talk("Ja, ach so.", 2.4, "de"))) == (1, 0)
    assert german(*talk("Äh ja ähm", 2.0, "de")).channels[1].fillers == 1


def test_rates_are_of_the_speech_that_has_words() -> None:
    activity, transcript = talk("one two three four five", 2.0)
    more = replace(activity, channels=(activity.channels[0], (*activity.channels[1], Span(700, 900))))
    found = TAKING(more, transcript)
    assert found.channels[1].speech_rate == pytest.approx(2.5)
    assert found.channels[1].unworded == pytest.approx(2.0)
    assert found.channels[0].speech_rate == pytest.approx(0.1)
    assert found.speech_rate == pytest.approx(6 / 12)


def test_no_words_are_no_rate_and_all_unworded() -> None:
    activity, _ = talk("", 2.0)
    found = TAKING(activity, Transcript(pieces=(), length=1200, rate=100))
    assert [(side.words, side.speech_rate, side.unworded, side.fillers) for side in found.channels] == [
        (0, None, 10.0, 0),
        (0, None, 2.0, 0),
    ]
    assert found.speech_rate is None


@given(st.lists(st.sampled_from(["yeah", "of", "course", "i", "see", "x"]), max_size=7))
def test_phrases_are_taken_apart_in_every_way(words: list[str]) -> None:
    known = phrases(["Yeah", "of course", "I see", "see", "see of"])

    def apart(rest: tuple[str, ...]) -> bool:
        return not rest or any(rest[: len(p)] == p and apart(rest[len(p) :]) for p in known)

    assert consists(words, known) == (bool(words) and apart(tuple(words)))


def test_spelling_does_not_count() -> None:
    assert [plain(text) for text in ("Mmmm-HMM!", "that's", "…", "Äh,", "good")] == ["mmhmm", "thats", "", "äh", "good"]
    assert [bracketed(text) for text in ("[laughter]", "<LAUGH/>", "(hm", "[]", "laugh")] == [True, True, False, False, False]
    for words in (BACKCHANNEL_WORDS, FILLER_WORDS, LAUGHTER_WORDS):
        assert len(set(words)) == len(words)
        assert all(plain(word) for entry in words for word in entry.split())


def test_words_of_another_recording_are_a_bug() -> None:
    activity, transcript = talk("yeah", 1.0)
    with pytest.raises(LawError, match="does not belong"):
        TAKING(replace(activity, length=1201), transcript)


def test_the_reference_knows_listed_words() -> None:
    activity, transcript = talk("Oh I see", 2.0)
    constants = TAKING(activity).constants
    assert listed(transcript, 1, [(400, 600)], constants) == [True]
    assert len(words_of(transcript, 1)) == 3
