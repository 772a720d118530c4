"""Every score against a number known by construction: the diarization is told, so its errors are ours to choose."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from schemas.calibration import MixScores, Scores
from schemas.errors import Reject, UsageError
from schemas.plain import from_plain, to_plain
from schemas.recording import Samples
from stages.acoustics.condition import Condition
from stages.calibrate.measure import Beside, Calibrate, calibrate_stages
from stages.scoring.signal import MOST_DB
from stages.turns.channels import ChannelTurns
from tests.stages.calibrate.parts import EVEN, RATE, TALK, Seconds, call, chain, recording, rttm, source, spans

TOLD = (TALK[0], TALK[1])


def measured(folder: Path, samples: Samples, *speakers: Seconds, conditions: tuple[str, ...] = ("clean",)) -> tuple[MixScores, ...]:
    rttm(folder / "call.rttm", *speakers)
    (stage,) = calibrate_stages(chain(), None, tuple(Condition.parse(text) for text in conditions))
    found = stage.load("cpu")(source(folder), recording(samples))
    assert from_plain(type(found), to_plain(found)) == found, "the scores do not survive being stored"
    assert (found.length, found.rate) == (samples.shape[1], RATE)
    return found.mixes


def scored(folder: Path, samples: Samples, *speakers: Seconds) -> Scores:
    (mix,) = measured(folder, samples, *speakers)
    assert mix.scores is not None, mix.refusal
    return mix.scores


def powers(samples: Samples, talk: tuple[Seconds, Seconds]) -> tuple[list[float], list[float]]:
    """Energy of each side, and of each side inside the overlap."""
    x = samples.astype(np.float64)
    marks = np.zeros(x.shape, bool)
    for side in (0, 1):
        for span in spans(talk[side]):
            marks[side, span.start : span.end] = True
    both = marks[0] & marks[1]
    return [float(x[i] @ x[i]) for i in (0, 1)], [float(x[i][both] @ x[i][both]) for i in (0, 1)]


def test_a_perfect_diarization_has_perfect_scores(tmp_path: Path) -> None:
    samples = call()
    scores = scored(tmp_path, samples, *TOLD)
    perfect = {
        **dict.fromkeys(("der", "miss", "false_alarm", "confusion", "der_segments"), 0.0),
        **dict.fromkeys(("der_collar_250ms", "miss_collar_250ms", "false_alarm_collar_250ms", "confusion_collar_250ms"), 0.0),
        **dict.fromkeys(("overlap_recall", "overlap_precision", "backchannel_recall", "speech_kept"), 1.0),
        "swaps_per_hour": 0.0,
        "leakage_solo_db": -MOST_DB,
        "si_sdr_solo_db": MOST_DB,
    }
    assert {name: getattr(scores, name) for name in perfect} == pytest.approx(perfect, abs=1e-6)
    assert all(value in (None, 0.0) for value in to_plain(scores.turn_taking_error).values())
    assert scores.amounts.backchannels == 1
    assert scores.amounts.overlap == pytest.approx(1.6)
    assert scores.confidence is None
    whole, inside = powers(samples, TALK)
    for channel, found in enumerate(scores.channels):
        leak = 10 * math.log10(inside[1 - channel] / whole[channel])
        assert found.leakage_db == pytest.approx(leak, abs=0.05)
        assert found.speech_kept == 1.0


def test_si_sdr_is_that_of_the_routed_mixture(tmp_path: Path) -> None:
    samples = call()
    x = samples.astype(np.float64)
    scores = scored(tmp_path, samples, *TOLD)
    for channel, found in enumerate(scores.channels):
        made = np.zeros(x.shape[1])
        for span in spans(TALK[channel]):
            made[span.start : span.end] = x.sum(axis=0)[span.start : span.end]
        target = (made @ x[channel]) / (x[channel] @ x[channel]) * x[channel]
        wanted = 10 * math.log10((target @ target) / ((made - target) @ (made - target)))
        assert found.si_sdr_db == pytest.approx(wanted, abs=1e-6)


def test_which_name_is_which_speaker_does_not_matter(tmp_path: Path) -> None:
    straight = scored(tmp_path, call(), *TOLD)
    crossed = scored(tmp_path, call(), TALK[1], TALK[0])
    assert crossed.der == straight.der == pytest.approx(0.0, abs=1e-6)
    late = scored(tmp_path, call((TALK[1], TALK[0])), TALK[1], TALK[0])
    assert late.mapping == (1, 0), "the one who speaks first has the first made channel"
    assert late.speech_kept == 1.0


def test_half_the_call_swapped_is_half_confusion_and_one_swap(tmp_path: Path) -> None:
    swapped = ((*EVEN[0][:2], *EVEN[1][2:]), (*EVEN[1][:2], *EVEN[0][2:]))
    scores = scored(tmp_path, call(EVEN), *swapped)
    assert scores.confusion == pytest.approx(0.5, abs=1e-6)
    assert scores.der == pytest.approx(0.5, abs=1e-6)
    assert scores.speech_kept == pytest.approx(0.5, abs=1e-6)
    assert scores.amounts.swaps == 1
    assert scores.swaps_per_hour == pytest.approx(60.0)
    assert scores.leakage_solo_db == pytest.approx(0.0, abs=2.0), "half of each channel is the other voice"
    assert scores.turn_taking_error.ipu == pytest.approx(0.0), "how much is said does not depend on who says it"
    assert scores.turn_taking_error.largest == pytest.approx(1.5), "the gap at the swap has become a pause of 1.5 s, and there was none"


def test_an_overlap_given_to_one_speaker_is_missed(tmp_path: Path) -> None:
    told = (TALK[0], ((9.5, 11.5), (20.0, 23.5), (31.0, 39.0), (49.0, 58.0)))
    scores = scored(tmp_path, call(), *told)
    speech = sum(b - a for side in TALK for a, b in side)
    assert scores.overlap_recall == 0.0
    assert scores.overlap_precision is None
    assert scores.backchannel_recall == 0.0
    assert scores.miss == pytest.approx(1.6 / speech, abs=1e-6)
    assert scores.confusion == pytest.approx(0.0, abs=1e-6)
    assert scores.speech_kept == pytest.approx(1 - 1.6 / speech, abs=1e-6)
    assert scores.turn_taking_error.overlap == pytest.approx(-1.0)


def test_overlap_where_there_is_none_is_imprecise(tmp_path: Path) -> None:
    told = (TALK[0], (*TALK[1][:3], (31.0, 39.0), (40.0, 44.0), (49.0, 58.0)))
    scores = scored(tmp_path, call(), *told)
    assert scores.overlap_recall == 1.0
    assert scores.overlap_precision == pytest.approx(1.6 / 5.6, abs=1e-3)
    assert scores.false_alarm == pytest.approx(4.0 / sum(b - a for side in TALK for a, b in side), abs=1e-3)
    assert scores.speech_kept == 1.0


def test_what_the_chain_refuses_is_told_and_no_error(tmp_path: Path) -> None:
    (mix,) = measured(tmp_path, call(), TALK[0], TALK[1], ((59.0, 59.5),))
    assert mix.scores is None
    assert mix.refusal is not None
    assert (mix.refusal.stage, mix.refusal.reason) == ("diarize", "too_many_speakers")


def test_every_condition_is_scored_and_the_same_every_time(tmp_path: Path) -> None:
    names = ("clean", "noise", "level=-12,codec=telephone")
    first, again = (measured(tmp_path, call(), *TOLD, conditions=names) for _ in range(2))
    assert [mix.condition for mix in first] == list(names)
    for one, other in zip(first, again, strict=True):
        assert one.scores is not None
        assert other.scores is not None
        assert one.scores.channels == other.scores.channels
        assert one.scores.amounts.errors == other.scores.amounts.errors
    noisy = first[1].scores
    assert noisy is not None
    assert noisy.si_sdr_solo_db == pytest.approx(20.0, abs=4.0), "noise 20 dB under the speech is what separates it from the side"
    assert noisy.leakage_solo_db is not None
    assert noisy.leakage_solo_db < -60


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda x: x[:1], "not_two_channel"),
        (lambda x: np.stack([x.sum(axis=0).astype(np.int16)] * 2), "dual_mono"),
        (lambda x: np.stack((x[0], np.zeros_like(x[0]))), "one_sided"),
        (np.zeros_like, "silent"),
    ],
)
def test_what_is_not_two_true_channels_is_rejected(tmp_path: Path, make: object, reason: str) -> None:
    samples = make(call())  # type: ignore[operator]
    with pytest.raises(Reject) as caught:
        measured(tmp_path, samples, *TOLD)
    assert caught.value.reason == reason


def test_time_is_told_for_every_stage(tmp_path: Path) -> None:
    scores = scored(tmp_path, call(), *TOLD)
    assert [cost.stage for cost in scores.stages] == ["health", "diarize", "separate", "vad", "turns", "stats"]
    assert sum(cost.rtf for cost in scores.stages) == pytest.approx(scores.rtf)
    assert scores.rtf > 0


def test_a_chain_that_cannot_be_scored_is_refused_at_once() -> None:
    with pytest.raises(UsageError, match="gives Stats"):
        calibrate_stages(chain()[:-1], None, (Condition("clean"),))
    with pytest.raises(UsageError, match="chain: diarize takes Health, which no stage before it gives"):
        calibrate_stages(chain()[1:], None, (Condition("clean"),))
    with pytest.raises(UsageError, match="each once"):
        calibrate_stages(chain(), None, (Condition("clean"), Condition("clean")))


def test_the_chain_beside_is_held_against_the_same_reference() -> None:
    first, beside = calibrate_stages(chain(), (*chain()[:4], ChannelTurns(join=0.5), chain()[5]), (Condition("clean"),))
    assert (type(first), type(beside)) == (Calibrate, Beside)
    assert (first.reference, first.stats) == (beside.reference, beside.stats)
    assert (first.name, beside.name) == ("calibrate", "beside")
