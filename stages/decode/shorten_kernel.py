"""The compiled core of the shorten decoder. Import it only where a shorten payload was met: it imports numba.

Every read of the bit stream is bounded by `nbits`, every size by the arrays it indexes; malformed data ends with a status, never beyond
an array. Quantities follow Tony Robinson, "SHORTEN: Simple lossless and near-lossless waveform compression", Cambridge University
technical report CUED/F-INFENG/TR.156 (1994).
"""

from __future__ import annotations

import numpy as np
from numba import njit

FULL, NEED, QUIT, BAD = 0, 1, 2, 3
"""Why `decode` returned: the output is full, the window of bits is used up, the stream ended itself, or it is no shorten stream."""

POS, CHANNEL, SHIFT, BLOCK, FRAMES = 0, 1, 2, 3, 4
"""What the elements of `state` hold: next bit, next channel, bit shift, samples per block, frames complete in the output."""

LINEAR, AU1, AU2 = 0, 1, 2

MORE = -1
WRONG = -2
MAX_RUN = 1 << 22
MAX_RICE = 32
MAX_VALUE = 1 << 31
MAX_COEFFICIENT = 1 << 24

LEADING = np.array([8 - int(i).bit_length() for i in range(256)], dtype=np.int64)


@njit(cache=True, nogil=True)
def _peek(words, pos):  # type: ignore[no-untyped-def]
    """The 32 bits at `pos`; `words` int64 holds 32 bits each and two words of padding."""
    i, off = pos >> 5, pos & 31
    return ((words[i] << off) & 0xFFFFFFFF) | (words[i + 1] >> (32 - off))


@njit(cache=True, nogil=True)
def unsigned(words, nbits, pos, low):  # type: ignore[no-untyped-def]
    """A Rice code with `low` direct bits: (value, next bit), the next bit MORE or WRONG when there is no such code."""
    run = 0
    while True:
        if pos >= nbits:
            return 0, MORE
        chunk = _peek(words, pos)
        if chunk != 0:
            break
        run += 32
        pos += 32
        if run > MAX_RUN:
            return 0, WRONG
    zeros = 0
    while chunk >> 24 == 0:
        zeros += 8
        chunk <<= 8
    zeros += LEADING[chunk >> 24]
    pos += zeros + 1
    if pos + low > nbits:
        return 0, MORE
    return ((run + zeros) << low) | (_peek(words, pos) >> (32 - low)), pos + low


@njit(cache=True, nogil=True)
def _signed(words, nbits, pos, low):  # type: ignore[no-untyped-def]
    value, pos = unsigned(words, nbits, pos, low + 1)
    return (-1 - (value >> 1) if value & 1 else value >> 1), pos


@njit(cache=True, nogil=True)
def _divide(a, b):  # type: ignore[no-untyped-def]
    """Division towards zero, as in C, for a positive `b`."""
    return -((-a) // b) if a < 0 else a // b


@njit(cache=True, nogil=True)
def _offset(means, nmean, version, shift):  # type: ignore[no-untyped-def]
    """The channel's running mean, which DIFF0 and QLPC predict from."""
    if nmean == 0:
        return means[0]
    total = 0 if version < 2 else nmean // 2
    for i in range(nmean):
        total += means[i]
    mean = _divide(total, nmean)
    return mean if version < 2 or shift == 0 else (mean >> (shift - 1)) >> 1


@njit(cache=True, nogil=True)
def _remember(work, wrap, block, history, means, nmean, version, shift):  # type: ignore[no-untyped-def]
    """Keep the block's mean and its last `wrap` samples for the blocks after it."""
    if nmean > 0:
        total = 0 if version < 2 else block // 2
        for i in range(block):
            total += work[wrap + i]
        for i in range(1, nmean):
            means[i - 1] = means[i]
        mean = _divide(total, block)
        means[nmean - 1] = mean if version < 2 else mean << shift
    for i in range(wrap):
        history[i] = work[block + i]


@njit(cache=True, nogil=True)
def _coefficients(words, nbits, pos, limit, coefficients):  # type: ignore[no-untyped-def]
    """The order of a QLPC block, its coefficients written to `coefficients`: (order, next bit)."""
    order, pos = unsigned(words, nbits, pos, 2)
    if pos >= 0 and order > limit:
        return 0, WRONG
    for j in range(order):
        if pos < 0:
            return 0, pos
        value, pos = _signed(words, nbits, pos, 5)
        if abs(value) > MAX_COEFFICIENT:
            return 0, WRONG
        coefficients[j] = value
    return order, pos


@njit(cache=True, nogil=True)
def _predict(work, at, kind, order, coefficients, offset, bias):  # type: ignore[no-untyped-def]
    """What sample `at` is expected to be: polynomials of order 0 to 3, or quantised linear prediction (kind 7)."""
    if kind == 0:
        return offset
    if kind == 1:
        return work[at - 1]
    if kind == 2:
        return 2 * work[at - 1] - work[at - 2]
    if kind == 3:
        return 3 * (work[at - 1] - work[at - 2]) + work[at - 3]
    total = bias
    for j in range(order):
        total += coefficients[j] * (work[at - j - 1] - offset)
    return (total >> 5) + offset


@njit(cache=True, nogil=True)
def _block(words, nbits, pos, kind, work, wrap, block, coefficients, offset, version):  # type: ignore[no-untyped-def]
    """Decode one channel's block into `work[wrap:]`; gives the next bit."""
    if kind == 8:
        work[wrap : wrap + block] = 0
        return pos
    low, pos = unsigned(words, nbits, pos, 3)
    if pos < 0:
        return pos
    if low >= MAX_RICE:
        return WRONG
    order = 0
    if kind == 7:
        order, pos = _coefficients(words, nbits, pos, min(wrap, coefficients.shape[0]), coefficients)
        if pos < 0:
            return pos
    bias = 32 if version > 1 else 0
    for i in range(block):
        residual, pos = _signed(words, nbits, pos, low)
        if pos < 0:
            return pos
        value = residual + _predict(work, wrap + i, kind, order, coefficients, offset, bias)
        if abs(value) > MAX_VALUE:
            return WRONG
        work[wrap + i] = value
    return pos


@njit(cache=True, nogil=True)
def _emit(work, wrap, block, out, frame, channel, shift, companding, outward, low, high):  # type: ignore[no-untyped-def]
    """Write one channel's block to `out` as the original values; False when they cannot be any file's samples."""
    slack = (1 << shift) if shift > 0 else 0
    for i in range(block):
        value = work[wrap + i]
        if companding != LINEAR:
            if companding == AU2 and value < 0:
                if value == -1:
                    out[frame + i, channel] = 0x7F
                    continue
                value += 1
            if value < -128 or value > 127:
                return False
            out[frame + i, channel] = outward[shift, value + 128]
            continue
        value <<= shift
        # Near-lossless files may round up to one step past full scale; anything beyond that is a stream out of step.
        if value < low - slack or value > high + slack:
            return False
        out[frame + i, channel] = min(max(value, low), high)
    return True


@njit(cache=True, nogil=True)
def _verbatim(words, nbits, pos):  # type: ignore[no-untyped-def]
    """Step over bytes that are no samples: gives the next bit."""
    count, pos = unsigned(words, nbits, pos, 5)
    if pos >= 0 and count > 256:
        return WRONG
    for _ in range(count):
        if pos < 0:
            return pos
        _, pos = unsigned(words, nbits, pos, 8)
    return pos


@njit(cache=True, nogil=True)
def _setting(words, nbits, pos, kind, state, max_block, max_shift):  # type: ignore[no-untyped-def]
    """Carry out BLOCKSIZE (5), BITSHIFT (6) or VERBATIM (9); gives the next bit, nothing changed unless it is valid."""
    if kind == 9:
        return _verbatim(words, nbits, pos)
    if kind == 6:
        value, pos = unsigned(words, nbits, pos, 2)
        if pos >= 0:
            if value > max_shift:
                return WRONG
            state[SHIFT] = value
        return pos
    low, pos = unsigned(words, nbits, pos, 2)
    if pos < 0:
        return pos
    if low > MAX_RICE or state[CHANNEL] != 0:
        return WRONG
    value, pos = unsigned(words, nbits, pos, low)
    if pos >= 0:
        if value < 1 or value > max_block:
            return WRONG
        state[BLOCK] = value
    return pos


@njit(cache=True, nogil=True)
def decode(words, nbits, state, history, means, work, coefficients, out, settings, outward):  # type: ignore[no-untyped-def]
    """Carry out commands from bit `state[POS]` until a status ends them; a command that is not whole is not begun.

    `words` int64 [ceil(nbits / 32) + 2], big endian 32 bits each; `history` int64 [channels, wrap]; `means` int64
    [channels, max(1, nmean)]; `work` int64 [wrap + largest block]; `coefficients` int64 [at least 1]; `out` int32 [frames, channels],
    at least one largest block; `outward` int64 [13, 256]; `settings` int64: version, nmean, companding, lowest and highest sample,
    greatest shift.
    """
    version, nmean, companding, lowest, highest, max_shift = settings[0], settings[1], settings[2], settings[3], settings[4], settings[5]
    channels, wrap = history.shape
    max_block = work.shape[0] - wrap
    while True:
        channel, shift, block, frame = state[CHANNEL], state[SHIFT], state[BLOCK], state[FRAMES]
        if channel == 0 and frame + block > out.shape[0]:
            return FULL
        kind, pos = unsigned(words, nbits, state[POS], 2)
        if pos >= 0 and kind == 4:
            return QUIT
        if pos >= 0:
            if kind > 9:
                return BAD
            if kind == 5 or kind == 6 or kind == 9:
                pos = _setting(words, nbits, pos, kind, state, max_block, max_shift)
            else:
                work[:wrap] = history[channel]
                offset = _offset(means[channel], nmean, version, shift)
                pos = _block(words, nbits, pos, kind, work, wrap, block, coefficients, offset, version)
                if pos >= 0:
                    _remember(work, wrap, block, history[channel], means[channel], nmean, version, shift)
                    if not _emit(work, wrap, block, out, frame, channel, shift, companding, outward, lowest, highest):
                        return BAD
                    state[CHANNEL] = (channel + 1) % channels
                    state[FRAMES] = frame + block if state[CHANNEL] == 0 else frame
        if pos < 0:
            return NEED if pos == MORE else BAD
        state[POS] = pos
