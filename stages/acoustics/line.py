"""Telephone lines and lossy codecs: in and out at the same rate, length and time."""

from __future__ import annotations

import difflib
import io
import re
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.errors import UsageError
from stages.acoustics.levels import Signal
from stages.decode.g711 import ALAW, ULAW, compress_ulaw

LINE_RATE = 8000
"""Hz of a telephone line."""
BAND = (300.0, 3400.0)
"""Hz: where a telephone line's band ends (half amplitude)."""
TAPS = 255
"""Length of the linear-phase band filter at 8 kHz; its delay is taken out."""

CODECS = ("none", "telephone", "mulaw", "alaw", "gsm", "mp3:<kbps>", "opus:<kbps>")
"""What `through` knows: `telephone` is a band of 300 to 3400 Hz at 8 kHz; `mulaw` and `alaw` are G.711 and `gsm` is GSM 06.10 full rate,
all at 8 kHz; MP3 (LAME) and Opus at a bit rate, such as `mp3:32`."""

MP3_RATES: dict[int, range] = {
    **dict.fromkeys((8000, 11025, 12000), range(8, 65)),
    **dict.fromkeys((16000, 22050, 24000), range(8, 161)),
    **dict.fromkeys((32000, 44100, 48000), range(32, 321)),
}
"""Sampling rates of MPEG-1, -2 and -2.5 layer III, and kbit/s of each."""
MP3_KBPS = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 192, 224, 256, 320)
OPUS_RATES = (16000, 24000, 48000)
"""Sampling rates given to Opus. It would take 8 and 12 kHz too, but what it then gives back is 0.1 ms late."""
OPUS_KBPS = range(6, 257)


def check_codec(codec: str) -> tuple[str, int | None]:
    """Name and kbit/s of a codec such as `telephone` or `mp3:32`; raises `UsageError` that says which ones there are."""
    name, colon, number = codec.partition(":")
    plain = [each for each in CODECS if ":" not in each]
    if codec in plain:
        return codec, None
    if name not in ("mp3", "opus"):
        near = difflib.get_close_matches(name, [each.partition(":")[0] for each in CODECS], 1)
        hint = f"did you mean {near[0]!r}?" if near else f"valid are {', '.join(CODECS)}"
        raise UsageError(f"codec: no such codec {codec!r}; {hint}")
    if not colon or not re.fullmatch(r"[0-9]{1,3}", number):
        raise UsageError(f"codec: {codec!r} wants its bit rate in kbit/s, such as {name}:32")
    kbps = int(number)
    if name == "mp3" and kbps not in MP3_KBPS:
        near_kbps = min(MP3_KBPS, key=lambda each: abs(each - kbps))
        raise UsageError(f"codec: MP3 has no bit rate of {kbps} kbit/s; the nearest is mp3:{near_kbps}")
    if name == "opus" and kbps not in OPUS_KBPS:
        near_kbps = min(OPUS_KBPS, key=lambda each: abs(each - kbps))
        raise UsageError(f"codec: Opus has no bit rate of {kbps} kbit/s; the nearest is opus:{near_kbps}")
    return name, kbps


def through(samples: Signal, rate: int, codec: str) -> Signal:
    """`samples` ([n] or [c, n]) as they come out of `codec` (one of `CODECS`): same shape, same rate, same time to within 1 ms.

    MP3 and Opus take up to two channels into one file, as a stereo recording would be, and at low bit rates they leak between the two;
    the others take each channel by itself. All but `none` and `telephone` limit to full scale. Raises `UsageError` for an unknown codec,
    or for more than two channels into MP3 or Opus.
    """
    name, kbps = check_codec(codec)
    if name == "none" or not samples.size:
        return samples.astype(np.float32, copy=True)
    channels = np.atleast_2d(samples)
    if kbps is None:
        made = np.stack([_narrow(channel, rate, NARROW[name]) for channel in channels])
    else:
        made = _packed(channels, rate, name, kbps)
    return np.asarray(made, np.float32).reshape(samples.shape)


def _resampled(samples: NDArray[Any], rate: int, to: int) -> NDArray[Any]:
    """[n] or [n, c] at another rate, linear phase, so without delay."""
    import soxr

    return samples if rate == to else np.asarray(soxr.resample(samples, rate, to, quality="HQ"))


def _fitted(samples: NDArray[Any], n: int) -> NDArray[Any]:
    """[n] or [n, c] cut or filled with zeros to `n`: resampling there and back may differ by a sample."""
    return np.concatenate((samples[:n], np.zeros((max(0, n - len(samples)), *samples.shape[1:]), samples.dtype)))


def _narrow(channel: Signal, rate: int, change: Callable[[Signal], NDArray[Any]]) -> NDArray[Any]:
    narrow = np.asarray(_resampled(channel, rate, LINE_RATE), np.float32)
    if not len(narrow):
        return channel
    return _fitted(_resampled(change(narrow).astype(np.float32), LINE_RATE, rate), len(channel))


def _telephone(narrow: Signal) -> NDArray[Any]:
    from scipy.signal import firwin, oaconvolve

    taps = firwin(TAPS, BAND, pass_zero=False, fs=LINE_RATE)
    return np.asarray(oaconvolve(narrow, taps))[TAPS // 2 : TAPS // 2 + len(narrow)]


def _int16(narrow: NDArray[Any]) -> NDArray[np.int16]:
    return np.clip(np.rint(narrow * 32768.0), -32768, 32767).astype(np.int16)


def _mulaw(narrow: Signal) -> NDArray[Any]:
    return ULAW[compress_ulaw(_int16(narrow))] / 32768.0


def _alaw(narrow: Signal) -> NDArray[Any]:
    # A-law decodes to the middle of each interval, so its encoder gives the nearest of the decoded values.
    values = np.sort(ALAW.astype(np.int32))
    return values[np.searchsorted((values[1:] + values[:-1]) / 2, _int16(narrow).astype(np.int32))] / 32768.0


def _gsm(narrow: Signal) -> NDArray[Any]:
    import soundfile

    file = io.BytesIO()
    soundfile.write(file, _int16(narrow), LINE_RATE, "GSM610", format="WAV")
    file.seek(0)
    return _fitted(np.asarray(soundfile.read(file, dtype="float32")[0]), len(narrow))


NARROW: dict[str, Callable[[Signal], NDArray[Any]]] = {"telephone": _telephone, "mulaw": _mulaw, "alaw": _alaw, "gsm": _gsm}


def _packed(channels: Signal, rate: int, name: str, kbps: int) -> NDArray[Any]:
    if len(channels) > 2:
        raise UsageError(f"codec: {name} takes one or two channels; got {len(channels)}")
    rates = [each for each, span in MP3_RATES.items() if kbps in span] if name == "mp3" else list(OPUS_RATES)
    # The input's own rate, else the next above it, else the highest that goes with this bit rate.
    inner = min((each for each in rates if each >= rate), default=max(rates))
    wide = np.clip(np.asarray(_resampled(channels.T, rate, inner), np.float32), -1, 1)
    encoder, container = ("libmp3lame", "mp3") if name == "mp3" else ("libopus", "ogg")
    decoded, out = _decoded(_encoded(wide.T, inner, encoder, container, kbps))
    return _fitted(_resampled(decoded.T, out, rate), channels.shape[1]).T


def _encoded(channels: Signal, rate: int, encoder: str, container: str, kbps: int) -> io.BytesIO:
    import av

    file = io.BytesIO()
    layout = "mono" if len(channels) == 1 else "stereo"
    kind = "fltp" if encoder == "libmp3lame" else "flt"
    with av.open(file, "w", format=container) as out:
        stream: Any = out.add_stream(encoder, rate=rate, options={"application": "voip"} if encoder == "libopus" else {})
        stream.layout, stream.format, stream.bit_rate = layout, kind, kbps * 1000
        size = 1 << 16
        for start in range(0, channels.shape[1], size):
            part = channels[:, start : start + size]
            data = np.ascontiguousarray(part if kind == "fltp" else part.T.reshape(1, -1))
            frame = av.AudioFrame.from_ndarray(data, format=kind, layout=layout)
            frame.sample_rate, frame.pts = rate, start
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    file.seek(0)
    return file


def _decoded(file: io.BytesIO) -> tuple[Signal, int]:
    import av

    with av.open(file) as source:
        frames = [frame.to_ndarray() for frame in source.decode(audio=0)]
        rate = int(source.streams.audio[0].rate)
    return np.concatenate(frames, axis=1).astype(np.float32), rate
