"""Telephone corpora of the LDC in their exact layout and syntax, with seconds of noise in two-channel mu-law SPHERE files."""

from __future__ import annotations

from typing import Any

import numpy as np

from stages.decode.g711 import compress_ulaw
from tests.stages.decode.shorten_encoder import sphere

LONG = 8
"""Seconds of a call that has a transcript."""


def sph(seconds: float = 0.2, seed: int = 0, channels: int = 2) -> bytes:
    """A SPHERE file as the LDC writes it, without shorten inside."""
    frames = round(seconds * 8000)
    noise = np.random.default_rng(seed).integers(-500, 500, (frames, channels)).astype(np.int16)
    fields: dict[str, Any] = {
        "channel_count": channels,
        "sample_count": frames,
        "sample_rate": 8000,
        "sample_n_bytes": 1,
        "sample_coding": "ulaw",
    }
    return sphere(compress_ulaw(noise).tobytes(), channels_interleaved="TRUE", **fields)


CALLDATA = "CALL_ID,DATE_TIME,TOPICID,SIG_GRADE,CNV_GRADE,APIN,ASX.DL,APHNUM,APHSET,APHTYP,BPIN,BSX.DL,BPHNUM,BPHSET,BPHTYP"


def trans(call: str, who: str, *lines: str) -> bytes:
    """A transcript of Fisher, an empty line behind each utterance."""
    return "".join(
        f"{line}\n" for line in (f"# {call}.sph", f"# Transcribed {who}", "", *(part for line in lines for part in (line, "")))
    ).encode()


def fisher() -> dict[str, bytes]:
    """Both parts. 00001 is whole; 00002 has no transcript; 00003 no sound; 00009 is in no table; 05851 is of part 2."""
    said = ["0.50 1.92 A: hello (( yes )) [laughter] ", "1.80 3.40 B: hi there it's m._c._i. ", "4.00 4.50 B: (( )) "]
    first = [
        CALLDATA,
        "00001,20021212_16:42:21,ENG01,3,4.5,2602,f.a,ab12,4,3,1790,m.o,cd34,2,1",
        "00002,20021212_17:00:00,ENG02,2.5,3,1001,m.a,no_APHNUM,,,1002,m.a,no_BPHNUM,,",
        "00003,20021213_09:00:00,ENG03,3,3,1003,f.a,,4,2,1004,f.a,,4,2",
    ]
    second = [CALLDATA, "05851,20030401_10:00:01,ENG01,3,3,2637,m.a,,1,1,2602,f.a,,4,3"]
    discs = "fe_03_p1_sph1\t00001\tfm\tLDC\nfe_03_p1_sph1\t00002\tff\tBBN\nfe_03_p1_sph1\t00003\tff\tBBN\n"
    people = [
        "PIN,S_SEX,S_AGE,YRS_EDU,NATIVE_LANG,WHERE_RAISED,CALL_CNT,SIDES",
        "1790,M,44,NA,Hindi,IND,1,00001_B/m.o",
        "2602,F,31,16,English,NY,2,00001_A/f.a;05851_B/f.a",
        "2637,F,54,16,English,WA,1,05851_A/m.a",
    ]
    return {
        "LDC2004S13/fe_03_p1_sph1/audio/000/fe_03_00001.sph": sph(LONG, 1),
        "LDC2004S13/fe_03_p1_sph1/audio/000/fe_03_00002.sph": sph(0.2, 2),
        "LDC2004S13/fe_03_p1_sph1/audio/000/fe_03_00009.sph": sph(0.2, 3),
        "LDC2004S13/fe_03_p1_sph1/filetable.txt": b"fe_03_p1_sph1 fe_03_00001.sph fm\nfe_03_p1_sph1 fe_03_00002.sph ff\n",
        "LDC2004S13/fe_03_p1_sph1/0readme.txt": b"Fisher English Training Speech, Part 1\n",
        "LDC2004S13/fe_03_p1_sph1/fe_03_p1_sph1": b"",
        "LDC2005S13/fe_03_p2_sph1/audio/058/fe_03_05851.sph": sph(LONG, 4),
        "LDC2005S13/fe_03_p2_sph1/docs/filetable2fe_03_p2_sph1.txt": b"fe_03_p2_sph1 fe_03_05851.sph mf\n",
        "LDC2004T19/data/trans/000/fe_03_00001.txt": trans("fe_03_00001", "at the LDC", *said),
        "LDC2004T19/data/trans/000/fe_03_00003.txt": trans("fe_03_00003", "by BBN/WordWave", *said),
        "LDC2004T19/data/bbn_orig/000/originals/fe_03_00003.txo": b"L: Hello.\nR: Hi there.\n",
        "LDC2004T19/data/bbn_orig/000/auto-segmented/fe_03_00001.trn": b"hello yes\n",
        "LDC2004T19/doc/fe_03_p1_calldata.tbl": "\n".join(first).encode(),
        "LDC2004T19/doc/fe_03_p1_filelist.tbl": discs.encode(),
        "LDC2004T19/doc/fe_03_pindata.tbl": "\n".join(people).encode(),
        "LDC2004T19/doc/fe_03_topics.sgm": b'<topic id="ENG01" title="Professional Sports on TV.">\nDo either of you ...\n</topic>\n',
        "LDC2004T19/doc/doc_calldata_tbl.txt": b"CALL_ID -- 5-digit number\n",
        "LDC2005T19/data/trans/058/fe_03_05851.txt": trans("fe_03_05851", "at the LDC", "1.00 2.00 A: right", "2.50 3.00 B: okay"),
        "LDC2005T19/doc/fe_03_p2_calldata.tbl": "\n".join(second).encode(),
        "LDC2005T19/doc/fe_03_pindata.tbl": "\n".join(people).encode(),
    }


def ms98(call: int, side: str, what: str, *rows: tuple[int, float, float, str]) -> dict[str, bytes]:
    """A transcript of one side of a call of Switchboard; each row has the number of its utterance."""
    name = f"sw{call}{side}-ms98-a"
    lines = [f"{name}-{number:04d} {start:f} {end:f} {text}\n" for number, start, end, text in rows]
    return {f"swb_ms98_transcriptions/{call // 100}/{call}/{name}-{what}.text": "".join(lines).encode()}


def switchboard() -> dict[str, bytes]:
    """2001 is whole; 2005 has one side's text; 2006 has no words with times; 2008 has no sound; 2010 has neither; 2012 is in no table."""
    return {
        "swb1_d1/data/sw02001.sph": sph(LONG, 11),
        "swb1_d1/data/sw02005.sph": sph(0.2, 12),
        "swb1_d2/data/sw02006.sph": sph(LONG, 13),
        "swb1_d2/data/sw02012.sph": sph(0.2, 14),
        **ms98(2001, "A", "trans", (1, 0, 0.977625, "[silence]"), (2, 0.977625, 2.561375, "hi um [laughter-yeah] i'd l[ike]-")),
        **ms98(2001, "B", "trans", (1, 0, 2.6, "[silence]"), (2, 2.6, 4, "{alrighty} <b_aside> sure <e_aside>"), (3, 4, 5, "[noise]")),
        **ms98(
            *(2001, "A", "word", (1, 0, 0.977625, "[silence]"), (2, 0.977625, 1.25, "hi"), (2, 1.25, 1.5, "um")),
            *((2, 1.5, 1.875, "[laughter-yeah]"), (2, 1.875, 2.25, "i'd"), (2, 2.25, 2.561375, "l[ike]-")),
        ),
        **ms98(
            *(2001, "B", "word", (1, 0, 2.6, "[silence]"), (2, 2.6, 3.25, "{alrighty}"), (2, 3.25, 3.25, "<b_aside>")),
            *((2, 3.25, 4, "sure"), (2, 4, 4, "<e_aside>"), (3, 4, 5, "[noise]")),
        ),
        **ms98(2005, "A", "trans", (1, 0, 0.1, "alone")),
        **ms98(2006, "A", "trans", (1, 1, 2, "so"), (2, 2, 3, "[vocalized-noise] [evalu/evaluate]")),
        **ms98(2006, "B", "trans", (1, 1.5, 4, "uh-huh them_1")),
        **ms98(2008, "A", "trans", (1, 0, 1, "gone")),
        **ms98(2008, "B", "trans", (1, 0, 1, "too")),
        "swb_ms98_transcriptions/sw-ms98-dict.text": b"a ax\n",
        "swb_ms98_transcriptions/AAREADME.text": b"Manually corrected transcriptions\n",
        "tables/call_con_tab.csv": b"".join(
            f'{call}, "{side}", {caller}, "", 10, {topic}, "", "Y"\n'.encode()
            for call, callers, topic in (
                *((2001, (1020, 1044), 303), (2005, (1001, 1002), 304), (2006, (1020, 1002), "UNK")),
                *((2008, (1002, 1044), 303), (2010, (1001, 1020), 305)),
            )
            for side, caller in zip("AB", callers, strict=True)
        ),
        "tables/conv_tab.csv": b"2001,Y,1020,1044,303,0,910304,1218,1222, ,\n2006,Y,1020,1002,UNK,0,910305,0900,0905, ,\n",
        "tables/caller_tab.csv": b'1020, 0, "N", "FEMALE", 1942, "NORTHERN", 2, 0\n1044, 0, "N", "MALE", 1961, "SOUTH MIDLAND", 3, 0\n',
        "tables/topic_tab.csv": b'"CLOTHING AND DRESS", 303, "G", "DISCUSS WHAT YOU WEAR, AND WHEN", 10, ""\n',
        "tables/rating_tab.csv": b'2001, 1, 3, 2, 1, 1, 1, 1, 2, 1, "NONE"\n',
        "tables/rating_doc.txt": b"difficulty: 1 to 5\n",
    }


def chat(code: str, language: str, media: str, *lines: str, sexes: str = "fm") -> bytes:
    """A CHAT file of TalkBank with its headers."""
    words = {"f": "female", "m": "male", "-": ""}
    return "\n".join(
        (
            *("@UTF8", "@PID:\t11312/t-00001", "@Begin", f"@Languages:\t{language}", "@Participants:\tA Subject, B Subject"),
            *(
                f"@ID:\t{language}|{code}|{side}|{age};06.|{words[one]}|||Subject|||"
                for side, age, one in zip("AB", (31, 28), sexes, strict=True)
            ),
            *(f"@Media:\t{media}, audio", "@Date:\t05-JUL-1995", "@Comment:\tten minutes", *lines, "@End", ""),
        )
    ).encode()


CALL = (
    "*A:\tyeah &=laughs I mean (be)cause <the the> [/] the",
    "\tcat xxx went +... \x15500_2100\x15",
    "%com:\tnot said",
    "*B1:\tmhm . \x152200_2600\x15",
)


def callhome() -> dict[str, bytes]:
    """TalkBank's and the LDC's CALLHOME in three languages: 4092 has no sound, 4100 no transcript, ge_5003 neither."""
    german = "0.50 1.90 A: ja &Lydia %äh\n2.00 2.50 B1: {laugh} nein\nund tschüß\n3.00 2.90 A: --\n\n".encode("latin-1")
    chinese = "0.50 1.90 A: 你好 &张三\n2.00 2.50 B: 嗯\n".encode("gb18030")
    return {
        "CallHome/eng/4065.cha": chat("CallHome", "eng", "4065", *CALL),
        "CallHome/eng/0wav/4065.sph": sph(LONG, 21),
        "CallHome/eng/4092.cha": chat("CallHome", "eng", "4092", *CALL),
        "CallHome/eng/0wav/4100.sph": sph(0.2, 22),
        "CallHome/deu/4065.cha": chat("CallHome", "deu", "4065", *CALL, sexes="mm"),
        "CallHome/deu/0wav/4065.sph": sph(LONG, 23),
        "CallFriend/eng-n/4175.cha": chat("CallFriend", "eng, spa", "4175", "*A:\tno times .", *CALL, sexes="--"),
        "CallFriend/eng-n/0wav/4175.sph": sph(LONG, 24),
        "CallFriend/0metadata.cdc": b"Title: CABank English CallFriend\n",
        "LDC97S43/data/train/ge_5001.sph": sph(LONG, 25),
        "LDC97S43/data/devtest/ge_5002.sph": sph(0.2, 26),
        "LDC97S43/doc/spkrinfo.tbl": b"ge_5001,F,35,16,Berlin\nge_5002,M,29,12,Wien\nge_5003,F,60,10,\n",
        "LDC97S43/doc/callinfo.tbl": b"ge_5001 PIN=1234|950702|30\n",
        "LDC97T15/transcrpt/train/ge_5001.txt": german,
        "LDC97T15/transcrpt/devtest/ge_5002.txt": b"0.01 0.10 A: ja\n",
        "LDC96S34/data/train/ma_0022.sph": sph(LONG, 27),
        "LDC96T16/transcrpt/train/ma_0022.txt": chinese,
    }


def english() -> dict[str, bytes]:
    """The LDC's American English, with a call in each of the three sets."""
    sets = (("train", "train", 4065), ("devtest", "devtest", 4156), ("evltest", "evaltest", 4170))
    lines = "# en_4065.txt\n\n19.33 21.18 B: %ah &Tayyib\n22.00 23.00 A: I went +there+\n{laugh} twice\n24.00 24.50 B1: mhm\n"
    files = {f"LDC97S42/data/{folder}/en_{number}.sph": sph(25, number) for folder, _, number in sets}
    return files | {f"LDC97T14/transcrpt/{folder}/en_{number}.txt": lines.encode() for _, folder, number in sets}
