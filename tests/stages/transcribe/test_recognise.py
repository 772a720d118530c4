"""Words out of what the recogniser timed, and that a stuck block costs no more than its own length."""

from __future__ import annotations

import numpy as np
import pytest

from schemas.errors import Reject
from schemas.source import Source
from schemas.transcript import Language
from stages.transcribe.languages import ALIASES, code_of, likeliest, tag_of
from stages.transcribe.recognise import CAPS, HeardWord, Recogniser, compression, joined
from stages.transcribe.whisper import WhisperTranscribe
from tests.stages.transcribe.whisper_stand_in import EndlessWhisper
from tests.stages.two_channels import tracks_of


def parts(*texts: str) -> list[HeardWord]:
    return [HeardWord(text, float(i), i + 1.0, 0.5) for i, text in enumerate(texts)]


@pytest.mark.parametrize(
    ("timed", "words"),
    [
        ((" Mm", "-hmm", "."), ["Mm-hmm."]),
        ((" two", " o", "'clock", ",", " daily"), ["two", "o'clock,", "daily"]),
        ((' "', "Yes", ",", '"', " he", " said"), ['"Yes,"', "he", "said"]),
        ((" time", "-wise", " it", "'ll"), ["time-wise", "it'll"]),
        (("...", " so"), ["...so"]),
        ((" -", " "), []),
        ((), []),
    ],
)
def test_words_are_joined_as_they_are_written(timed: tuple[str, ...], words: list[str]) -> None:
    assert [each.text for each in joined(parts(*timed), True)] == words


def test_punctuation_takes_no_time_and_a_word_is_as_sure_as_its_likeliest_part() -> None:
    timed = [HeardWord(" well", 1.0, 1.4, 0.3), HeardWord(",", 1.4, 2.0, 1.0), HeardWord("-known", 2.0, 2.5, 0.8)]
    assert joined(timed, True) == (HeardWord("well,-known", 1.0, 2.5, 0.8),)
    assert joined(timed[:2], True) == (HeardWord("well,", 1.0, 1.4, 0.3),)


def test_without_spaces_every_part_is_a_word() -> None:
    assert [each.text for each in joined(parts("你", "好", "。", "「", "吗"), False)] == ["你", "好。", "「吗"]


@pytest.mark.parametrize(("cured", "stuck"), [(True, False), (False, True)])
def test_a_stuck_block_is_tried_twice_and_held_to_its_own_length(cured: bool, stuck: bool) -> None:
    for seconds, cap in CAPS:
        model = EndlessWhisper(cured)
        sound = np.zeros(round(seconds * 16000), np.float32)
        (heard,) = Recogniser(model, 5).hear([sound], "en", Recogniser.batch_key(seconds))
        assert heard.stuck is stuck
        assert len(heard.words) <= cap
        # Two tries in all, of one encoding.
        assert model.encoded == 1
        assert model.tokens == cap + (2 if cured else cap)


def test_a_stuck_block_does_not_touch_its_neighbours_caps() -> None:
    model = EndlessWhisper(cured=False)
    Recogniser(model, 5).hear([np.zeros(16000, np.float32)] * 3, "en", Recogniser.batch_key(1.0))
    assert model.tokens == 2 * 3 * CAPS[0][1]
    assert [Recogniser.batch_key(s) for s in (0.1, 5.0, 5.1, 30.0, 30.001)] == [96, 96, 176, 440, 440]


def test_a_model_knows_the_languages_of_its_vocabulary() -> None:
    recogniser = Recogniser(EndlessWhisper(cured=True), 1)
    assert recogniser.multilingual
    assert recogniser.knows("en")
    assert recogniser.knows("jw")
    assert not recogniser.knows("tlh")


def test_tags_and_codes() -> None:
    assert [code_of(tag) for tag in ("en-US", "EN", "nb-NO", "deu", "zh_Hant", "zh-yue", "jv", "xx")] == [
        *("en", "en", "no", "de", "zh", "yue", "jw", "xx"),
    ]
    assert [tag_of(code) for code in ("jw", "en")] == ["jv", "en"]
    assert all(code not in ALIASES for code in ALIASES.values())


def test_the_likeliest_language_weighs_by_seconds_and_does_not_depend_on_order() -> None:
    heard = [(10.0, {"en": 0.9, "de": 0.1}), (30.0, {"en": 0.2, "de": 0.8})]
    assert likeliest(heard) == likeliest(heard[::-1])
    code, probability = likeliest(heard)
    assert code == "de"
    assert probability == pytest.approx(0.625)
    assert likeliest([(1.0, {"b": 0.5, "a": 0.5})])[0] == "a"


def test_compression_tells_loops_from_talk() -> None:
    assert compression("") == 0
    assert compression("no " * 100) > 10
    assert compression("I am looking for a train that should leave Cambridge on Thursday.") < 1.5


def test_a_claim_that_an_english_model_does_not_know_is_a_verdict() -> None:
    model = EndlessWhisper(cured=True)
    model.model.is_multilingual = False
    stage, recogniser = WhisperTranscribe(), Recogniser(model, 1)
    made = tracks_of(np.zeros((2, 800), np.int16), 8000)
    with pytest.raises(Reject, match=r"claims 'de-DE', and the model .* knows English alone") as told:
        stage._languages(recogniser, Source("x", ("x.wav",), language="de-DE"), made, [])
    assert (told.value.reason, told.value.facts["language"]) == ("unknown_language", "de-DE")
    for claim in (None, "en-GB", "eng"):
        found = stage._languages(recogniser, Source("x", ("x.wav",), language=claim), made, [])
        assert found == (Language("en", "fixed"), Language("en", "fixed"))
