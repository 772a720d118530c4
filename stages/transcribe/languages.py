"""Languages as Whisper names them, and as everybody else does (BCP 47)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

_ALIASES = (
    "iw:he in:id ji:yi nb:no jv:jw fil:tl cmn:zh arb:ar pes:fa ekk:et eng:en deu:de ger:de fra:fr fre:fr spa:es por:pt ita:it "
    "nld:nl dut:nl rus:ru ukr:uk pol:pl ces:cs cze:cs ron:ro rum:ro ell:el gre:el tur:tr ara:ar fas:fa per:fa heb:he hin:hi urd:ur "
    "ben:bn tam:ta tel:te mar:mr jpn:ja kor:ko zho:zh chi:zh vie:vi tha:th ind:id msa:ms may:ms tgl:tl swe:sv dan:da nor:no nob:no "
    "nno:nn fin:fi hun:hu cat:ca swa:sw jav:jw"
)
ALIASES = dict(pair.split(":") for pair in _ALIASES.split())
"""Subtags that Whisper spells otherwise: old and three-letter codes, macrolanguage members."""
_BACK = {"jw": "jv"}


def code_of(tag: str) -> str:
    """Whisper's code for a BCP 47 tag, by its language subtag: `en` for `en-US`. It may be one that no model knows."""
    main = tag.replace("_", "-").strip().lower().partition("-")[0]
    if tag.replace("_", "-").lower() in ("zh-yue", "zh-hk"):
        return "yue"
    return ALIASES.get(main, main)


def tag_of(code: str) -> str:
    """The BCP 47 tag of Whisper's code."""
    return _BACK.get(code, code)


def likeliest(heard: Iterable[tuple[float, Mapping[str, float]]]) -> tuple[str, float]:
    """The language with the highest mean probability over stretches of `(seconds, probability of each language)`, and that mean.

    Equal ones by name, so that the answer does not depend on order. Raises `ValueError` for no stretch.
    """
    total = 0.0
    sums: dict[str, float] = {}
    for seconds, probabilities in heard:
        total += seconds
        for code, probability in probabilities.items():
            sums[code] = sums.get(code, 0.0) + seconds * probability
    best = min(sums, key=lambda code: (-sums[code], code))
    return best, sums[best] / total
