"""Personal data in the shared real transcripts, marked by hand: kind, first and last word of each, by corpus and call."""

from __future__ import annotations

TRUTH: dict[str, tuple[tuple[str, int, int], ...]] = {
    "spokenwoz/SNG0480": (
        *(("name", 70, 71), ("name", 78, 83), ("name", 90, 94), ("name", 231, 231)),
        *(("identifier", 114, 118), ("identifier", 122, 122), ("identifier", 267, 267)),
    ),
    "primock57/day1_consultation05": (("name", 4, 4), ("name", 212, 212), ("name", 555, 555), ("name", 668, 668)),
    "switchboard/00": (("name", 6, 6), ("name", 604, 604)),
    "switchboard/02": (),
    "switchboard/04": (("name", 85, 85),),
    "switchboard/06": (),
    "switchboard/08": (),
    "switchboard/10": (),
    "switchboard/12": (),
    "switchboard/14": (("name", 1366, 1368),),
    "switchboard/16": (),
    "switchboard/18": (("name", 804, 804), ("name", 1226, 1226), ("name", 1322, 1323), ("name", 1893, 1893)),
    "switchboard/01": (),
    "switchboard/03": (),
    "switchboard/05": (
        *(("name", 306, 308), ("name", 314, 314), ("name", 339, 340), ("name", 360, 361), ("name", 1078, 1079)),
        *(("name", 1660, 1661), ("name", 1662, 1663), ("name", 1745, 1746)),
    ),
    "switchboard/07": (),
    "switchboard/09": (("name", 155, 156), ("name", 177, 178), ("name", 826, 827), ("name", 901, 901), ("name", 1089, 1090)),
    "switchboard/11": (),
    "switchboard/13": (),
    "switchboard/15": (("name", 632, 632),),
    "switchboard/17": (),
    "switchboard/19": (("name", 1695, 1695), ("name", 1697, 1698)),
    "spokenwoz/MUL1423": (("address", 212, 215),),
    "spokenwoz/SNG0072": (("address", 120, 124), ("phone", 130, 130)),
    "primock57/day4_consultation02": (("name", 22, 22), ("name", 46, 46), ("name", 793, 794), ("birth_date", 801, 806)),
}
