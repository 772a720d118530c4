"""Packing of speech: what is in the pieces and blocks, and that block time leads back to the very sample."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.recording import as_float
from schemas.span import Span, Spans, intersect, total, union
from stages.transcribe.pack import Block, Rule, pack, pieces, within
from stages.transcribe.sound import RATE, block_sound, quietest
from stages.transcribe.timing import in_order, on_speech, words_to_pieces
from tests.stages.two_channels import tracks_of

LENGTH = 3000


def halfway(start: int, end: int) -> int:
    return (start + end) // 2


@st.composite
def speech(draw: st.DrawFn) -> Spans:
    edges = sorted(draw(st.sets(st.integers(0, LENGTH), max_size=40)))
    return tuple(Span(a, b) for a, b in zip(edges[::2], edges[1::2], strict=False))


RULES = st.builds(Rule, join=st.integers(0, 60), guard=st.integers(0, 60), silence=st.integers(0, 40), longest=st.integers(100, 700))


def made(spans: Spans, rule: Rule) -> tuple[tuple[Span, ...], tuple[Block, ...]]:
    found = pieces(spans, LENGTH, rule, halfway)
    return found, pack(1, found, spans, rule)


@given(speech(), RULES)
def test_pieces_hold_all_speech_share_no_sample_and_fit_a_block(spans: Spans, rule: Rule) -> None:
    found, _ = made(spans, rule)
    assert all(0 < len(each) <= rule.longest for each in found)
    assert all(a.end <= b.start for a, b in pairwise(found))
    assert not found or (found[0].start >= 0 and found[-1].end <= LENGTH)
    assert total(intersect(union(found), spans)) == total(spans)


@given(speech(), RULES)
def test_margins_are_the_guard_and_at_most_half_of_the_silence(spans: Spans, rule: Rule) -> None:
    whole = Rule(join=rule.join, guard=rule.guard, silence=rule.silence, longest=LENGTH + 1)
    found, _ = made(spans, whole)
    joined = union(spans, rule.join)
    assert len(found) == len(joined)
    for index, (piece, run) in enumerate(zip(found, joined, strict=True)):
        before = joined[index - 1].end if index else -run.start
        after = joined[index + 1].start if index + 1 < len(joined) else 2 * LENGTH - run.end
        assert run.start - piece.start == min(rule.guard, run.start - (before + run.start) // 2)
        assert piece.end - run.end == min(rule.guard, (run.end + after) // 2 - run.end)


@given(speech(), RULES)
def test_blocks_hold_every_piece_once_in_order_with_silence_between(spans: Spans, rule: Rule) -> None:
    found, blocks = made(spans, rule)
    assert [each.span for block in blocks for each in block.placed] == list(found)
    for block in blocks:
        assert block.channel == 1
        assert block.length <= rule.longest
        assert block.placed[0].at == 0
        assert all(b.at - a.end == rule.silence for a, b in pairwise(block.placed))
        assert block.speech == sum(total(intersect((each.span,), spans)) for each in block.placed)


def partings(parts: list[list[Span]]) -> int:
    """The silence between the last piece of each part and the first of the next, in sum."""
    return sum(b[0].start - a[-1].end for a, b in pairwise(parts))


@given(speech(), RULES)
def test_there_are_as_few_blocks_as_filling_one_after_the_other_gives_and_they_part_in_no_less_silence(spans: Spans, rule: Rule) -> None:
    found, blocks = made(spans, rule)
    filled: list[list[Span]] = []
    for span in found:
        if filled and sum(map(len, filled[-1])) + rule.silence * len(filled[-1]) + len(span) <= rule.longest:
            filled[-1].append(span)
        else:
            filled.append([span])
    assert len(blocks) == len(filled)
    assert partings([[each.span for each in block.placed] for block in blocks]) >= partings(filled)


def test_blocks_part_in_the_longest_silence() -> None:
    rule = Rule(join=0, guard=0, silence=10, longest=100)
    spans = (Span(0, 30), Span(40, 60), Span(500, 520), Span(530, 560))
    # Three would fit into the first block.
    assert [[each.span for each in block.placed] for block in pack(0, spans, spans, rule)] == [list(spans[:2]), list(spans[2:])]


@given(speech(), RULES, st.data())
def test_block_time_and_recording_are_each_others_inverse(spans: Spans, rule: Rule, data: st.DataObject) -> None:
    _, blocks = made(spans, rule)
    for block in blocks:
        for index, each in enumerate(block.placed):
            sample = data.draw(st.integers(each.span.start, each.span.end))
            at = block.in_block(index, sample)
            assert each.at <= at <= each.end
            assert block.in_recording(index, at) == sample
        beyond = data.draw(st.integers(-50, block.length + 50))
        held = block.in_recording(0, beyond)
        assert block.placed[0].span.start <= held <= block.placed[0].span.end


@given(speech(), RULES, st.data())
def test_words_go_to_the_piece_whose_speech_they_share_and_never_back(spans: Spans, rule: Rule, data: st.DataObject) -> None:
    _, blocks = made(spans, rule)
    for block in blocks:
        edges = sorted(data.draw(st.lists(st.integers(0, block.length), max_size=16)))
        words = [Span(a, b) for a, b in zip(edges[::2], edges[1::2], strict=False)]
        placed = words_to_pieces(block, words)
        # In order as they are, so that nothing had to be held back.
        assert [n for numbers in placed for n in numbers] == list(range(len(words)))
        assert all(block.piece_at(words[n]) == index for index, numbers in enumerate(placed) for n in numbers)
        for index, numbers in enumerate(placed):
            for n in numbers:
                best = block.placed[index]
                shared = [total(intersect((words[n],), (Span(p.at, p.end),))) for p in block.placed] if len(words[n]) else [0]
                if max(shared) and not any(len(p.speech) for p in block.placed):
                    assert shared[index] == max(shared)
                if not max(shared):
                    middle = (words[n].start + words[n].end) // 2
                    away = [max(p.at - middle, middle - p.end, 0) for p in block.placed]
                    assert max(best.at - middle, middle - best.end, 0) == min(away)


def test_a_word_that_swallowed_the_silence_before_it_belongs_where_it_was_said() -> None:
    rule = Rule(join=0, guard=20, silence=50, longest=1000)
    spans = (Span(100, 200), Span(400, 500))
    found = pieces(spans, LENGTH, rule, halfway)
    (block,) = pack(0, found, spans, rule)
    # The first piece is [0, 140) with speech to 120, the second [190, 330) with speech from 210.
    assert [(each.at, each.end) for each in block.placed] == [(0, 140), (190, 330)]
    assert block.piece_at(Span(110, 215)) == 0
    assert block.piece_at(Span(121, 215)) == 1
    assert block.piece_at(Span(145, 160)) == 0
    assert block.piece_at(Span(170, 185)) == 1


def test_long_speech_is_cut_in_its_widest_silence_else_where_it_is_quietest() -> None:
    rule = Rule(join=50, guard=0, silence=10, longest=400)
    assert pieces((Span(0, 300), Span(310, 350), Span(380, 600)), LENGTH, rule, halfway) == (Span(0, 365), Span(365, 600))
    assert pieces((Span(0, 900),), LENGTH, rule, lambda start, end: 390) == (Span(0, 390), Span(390, 590), Span(590, 900))
    # A place outside what was asked for does no harm.
    assert pieces((Span(0, 500),), LENGTH, rule, lambda start, end: 9999) == (Span(0, 400), Span(400, 500))


def test_the_quietest_place_lies_in_the_dip() -> None:
    rate = 8000
    samples = np.full((2, rate), 8000, np.int16)
    samples[1, 3000:3400] = 10
    assert 3000 <= quietest(tracks_of(samples, rate), 1, 1000, 7000) < 3400
    assert quietest(tracks_of(samples, rate), 1, 3000, 3001) == 3001


@given(speech(), st.integers(0, LENGTH), st.integers(0, LENGTH))
def test_within_is_the_intersection(spans: Spans, a: int, b: int) -> None:
    span = Span(min(a, b), max(a, b))
    assert within(span, spans) == (intersect((span,), spans) if len(span) else ())


@pytest.mark.parametrize("rate", [8000, 16000, 44100])
def test_a_block_sounds_like_its_pieces_with_zeros_between(rate: int) -> None:
    rng = np.random.default_rng(0)
    whole = tracks_of(rng.integers(-8000, 8000, (2, 3 * rate)).astype(np.int16), rate)
    spans = (Span(rate // 2, rate), Span(2 * rate, 2 * rate + rate // 4))
    rule = Rule(join=0, guard=0, silence=rate // 2, longest=30 * rate)
    (block,) = pack(1, spans, spans, rule)
    sound = block_sound(whole, block)
    assert abs(len(sound) - block.length * RATE / rate) <= 1
    assert np.abs(sound[round(0.52 * RATE) : round(0.98 * RATE)]).max() < 1e-3
    if rate == RATE:
        edge = round(0.005 * rate)
        want = as_float(whole.samples[1, spans[1].start : spans[1].end], 16)
        got = sound[block.placed[1].at : block.placed[1].end]
        assert np.array_equal(got[edge:-edge], want[edge:-edge])
        assert np.all(np.abs(got) <= np.abs(want))


@given(st.lists(st.tuples(st.integers(-50, 150), st.integers(-50, 150)), max_size=20), st.integers(0, 40), st.integers(20, 100))
def test_word_times_are_made_lawful_and_lawful_ones_stay(pairs: list[tuple[int, int]], start: int, length: int) -> None:
    bounds = Span(start, start + length)
    found = in_order(pairs, bounds)
    assert len(found) == len(pairs)
    assert all(len(each) >= 1 and bounds.start <= each.start and each.end <= bounds.end for each in found)
    assert all(a.end <= b.start for a, b in pairwise(found))
    assert in_order([(each.start, each.end) for each in found], bounds) == found


def test_a_word_is_held_to_the_speech_it_touches() -> None:
    spans = (Span(10, 20), Span(30, 40))
    assert on_speech(Span(0, 35), spans) == Span(10, 35)
    assert on_speech(Span(21, 29), spans) == Span(21, 29)
    assert on_speech(Span(15, 15), spans) == Span(15, 15)
