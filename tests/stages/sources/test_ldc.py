"""The LDC's telephone corpora on trees with their exact layout and syntax."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stages.sources.callhome import READER as CALLHOME
from stages.sources.corpus import LDC_LICENCE, CorpusReader
from stages.sources.fisher import READER as FISHER
from stages.sources.layouts import LAYOUTS, layout
from stages.sources.switchboard import READER as SWITCHBOARD
from stages.transcribe.formats.markup import words as spoken
from tests.shared import SHARED, needs_shared
from tests.stages.sources.corpora import check, put, read, reasons, source, transcribed, tree_of, wav, words

HEADER = "CALL_ID,DATE_TIME,TOPICID,SIG_GRADE,CNV_GRADE,APIN,ASX.DL,APHNUM,APHSET,APHTYP,BPIN,BSX.DL,BPHNUM,BPHSET,BPHTYP"


def fisher() -> dict[str, bytes]:
    """Three calls: one whole, one without a transcript, one whose sound is not there; and one that no table knows."""
    text = "# fe_03_00001.sph\n# Transcribed at the LDC\n\n0.50 1.92 A: hello (( yes )) [laughter]\n\n2.10 3.40 B: hi there it's m._c._i.\n"
    table = [
        HEADER,
        "00001,20021212_16:42:21,ENG01,3.0,4.0,2602,f.a,,1,1,1790,m.o,,1,1",
        "00002,20021212_17:00:00,ENG02,,,1001,m.a,,1,1,1002,m.a,,1,1",
        "00003,20021213_09:00:00,ENG03,,,1003,f.a,,1,1,1004,f.a,,1,1",
    ]
    return {
        "fe_03_p1_sph1/audio/000/fe_03_00001.wav": wav(5, seed=1),
        "fe_03_p1_sph1/audio/000/fe_03_00002.wav": wav(1, seed=2),
        "fe_03_p1_sph1/audio/000/fe_03_00009.wav": wav(1, seed=3),
        "fe_03_p1_tran/data/trans/000/fe_03_00001.txt": text.encode(),
        "fe_03_p1_tran/data/trans/000/fe_03_00003.txt": text.encode(),
        "fe_03_p1_tran/doc/fe_03_p1_calldata.tbl": "\n".join(table).encode(),
        "fe_03_p1_tran/doc/fe_03_pindata.tbl": b"PIN,S_SEX,S_AGE\n2602,F,31\n1790,M,44\n",
    }


def switchboard() -> dict[str, bytes]:
    sides = {
        "A": "sw2001A-ms98-a-0001 0.000000 0.977625 [silence]\nsw2001A-ms98-a-0002 0.977625 2.561375 hi um [laughter-yeah] i'd l[ike]-\n",
        "B": "sw2001B-ms98-a-0001 0.000000 2.600000 [silence]\nsw2001B-ms98-a-0002 2.600000 4.000000 {alrighty} <b_aside> sure <e_aside>\n",
    }
    folder = "swb_ms98_transcriptions/20"
    return {
        "swb1_d1/data/sw02001.wav": wav(5, seed=4),
        "swb1_d1/data/sw02005.wav": wav(1, seed=5),
        **{f"{folder}/2001/sw2001{side}-ms98-a-trans.text": text.encode() for side, text in sides.items()},
        f"{folder}/2001/sw2001A-ms98-a-word.text": b"sw2001A-ms98-a-0002 0.977625 1.2 hi\n",
        f"{folder}/2005/sw2005A-ms98-a-trans.text": b"sw2005A-ms98-a-0001 0.0 1.0 alone\n",
        f"{folder}/2008/sw2008A-ms98-a-trans.text": b"sw2008A-ms98-a-0001 0.0 1.0 gone\n",
        "tables/call_con_tab.csv": b'2001, "A", 1031, , ,\n2001, "B", 1020, , ,\n2008, "A", 1001, ,\n',
        "tables/caller_tab.csv": b'1031, 32, N, "FEMALE", 1962, "SOUTH MIDLAND"\n1020, 33, N, "MALE", 1961, "WESTERN"\n',
    }


CHA = (
    "@UTF8\n@Begin\n@Languages:\teng\n@Participants:\tA Subject, B Subject\n@Media:\t4065, audio\n"
    "*A:\tyeah &=laughs I mean (be)cause <the the> [/] the\n\tcat xxx went +... \x15500_2100\x15\n"
    "%com:\tnot said\n*B:\tmhm . \x152200_2600\x15\n@End\n"
)


def callhome() -> dict[str, bytes]:
    return {
        "CallHome/eng/4065.cha": CHA.encode(),
        "CallHome/eng/4065.wav": wav(4, seed=6),
        "CallHome/eng/4092.cha": CHA.encode(),
        "CallHome/LDC/data/ge_5001.wav": wav(4, seed=7),
        "CallHome/LDC/transcrpt/ge_5001.txt": b"0.50 1.90 A: ja\n2.00 2.50 B: nein\n",
        "CallHome/LDC/doc/spkrinfo.tbl": b"5001,F,A\n5001,M,B\n",
    }


CORPORA: dict[str, tuple[CorpusReader, dict[str, bytes]]] = {
    "fisher": (FISHER, fisher()),
    "switchboard": (SWITCHBOARD, switchboard()),
    "callhome": (CALLHOME, callhome()),
}


@pytest.mark.parametrize("name", CORPORA)
def test_the_table_knows_the_reader(name: str) -> None:
    assert layout(name) is CORPORA[name][0]


@pytest.mark.parametrize("name", CORPORA)
def test_no_other_layout_takes_the_corpus_for_its_own(name: str, tmp_path: Path) -> None:
    tree = tree_of(put(tmp_path, CORPORA[name][1]))
    assert {other for other in LAYOUTS if layout(other).recognise(tree)} == {name}


def test_a_fisher_call_with_its_tables(tmp_path: Path) -> None:
    found = read(FISHER, put(tmp_path, fisher()))
    call = source(found, "fe_03_00001")
    assert (call.corpus, call.licence, call.language, call.speakers) == ("Fisher English", LDC_LICENCE, "en-US", ("2602", "1790"))
    assert '"sex": ["female", "male"]' in call.extra
    assert '"topic": "ENG01"' in call.extra
    heard = transcribed(call)
    assert words(heard, 0) == ["hello", "yes"]
    assert words(heard, 1) == ["hi", "there", "it's", "m._c._i."]
    assert reasons(found) == {"fe_03_00003": "no_audio"}
    assert found.listed == 3
    assert '"listed": false' in source(found, "fe_03_00009").extra
    assert any("fe_03_00002" in problem for problem in found.problems)


def test_a_switchboard_call_with_both_sides(tmp_path: Path) -> None:
    found = read(SWITCHBOARD, put(tmp_path, switchboard()))
    call = source(found, "sw02001")
    assert (call.corpus, call.licence, call.speakers) == ("Switchboard-1", LDC_LICENCE, ("1031", "1020"))
    assert '"sex": ["female", "male"]' in call.extra
    heard = transcribed(call)
    assert words(heard, 0) == ["hi", "um", "yeah", "i'd", "l-"]
    assert words(heard, 1) == ["alrighty", "sure"]
    assert reasons(found) == {"sw02008": "no_audio"}
    assert source(found, "sw02005").transcript is None
    assert any("one side only" in problem and "sw2005A" in problem for problem in found.problems)


def test_callhome_in_chat_and_in_the_ldcs_text(tmp_path: Path) -> None:
    found = read(CALLHOME, put(tmp_path, callhome()))
    chat, ldc = source(found, "4065"), source(found, "ge_5001")
    assert (chat.language, ldc.language) == ("en", "de")
    assert words(transcribed(chat), 0) == ["yeah", "I", "mean", "because", "the", "the", "the", "cat", "went"]
    assert words(transcribed(chat), 1) == ["mhm."]
    assert words(transcribed(ldc), 1) == ["nein"]
    assert '"sex": ["female", "male"]' in ldc.extra
    assert reasons(found) == {"4092": "no_audio"}


def test_what_a_person_says_goes_before_the_corpus(tmp_path: Path) -> None:
    found = read(FISHER, put(tmp_path, fisher()), licence="LicenseRef-Own", corpus="Mine", language="en-GB")
    call = source(found, "fe_03_00001")
    assert (call.corpus, call.licence, call.language) == ("Mine", "LicenseRef-Own", "en-GB")


@pytest.mark.parametrize("name", CORPORA)
@pytest.mark.parametrize("data", [b"", b"\xff\xfe\x00 garbage \x00\x9f", b'one,two\n\n,,,\n"unended'])
def test_broken_tables_are_told_and_lose_no_call(name: str, data: bytes, tmp_path: Path) -> None:
    reader, files = CORPORA[name]
    whole = read(reader, put(tmp_path / "whole", files))
    broken = {path: data if path.endswith((".tbl", ".csv")) else held for path, held in files.items()}
    found = read(reader, put(tmp_path / "broken", broken))
    assert {draft.source.id for draft in found.drafts} == {draft.source.id for draft in whole.drafts}
    check(found, broken)


@pytest.mark.parametrize("name", CORPORA)
def test_the_same_call_twice_is_told(name: str, tmp_path: Path) -> None:
    reader, files = CORPORA[name]
    path = next(path for path in files if path.endswith(".wav"))
    again = path.replace(".wav", ".flac")
    found = read(reader, put(tmp_path, {**files, again: files[path]}))
    assert list(reasons(found).values()).count("duplicate_id") == 1


@pytest.mark.parametrize("name", CORPORA)
@settings(max_examples=25, deadline=None)
@given(chosen=st.data())
def test_whatever_is_missing_every_file_is_accounted_for(name: str, chosen: st.DataObject) -> None:
    reader, files = CORPORA[name]
    left = chosen.draw(st.sets(st.sampled_from(sorted(files))))
    kept = {path: files[path] for path in left}
    with tempfile.TemporaryDirectory() as folder:
        tree = tree_of(put(Path(folder), kept))
        claimed: dict[str, str] = {}
        for root in reader.recognise(tree):
            found = reader.read(tree, root)
            claimed.update(found.claimed)
            check(found, found.claimed)
        texts = {path for path in kept if path.endswith((".cha", "-trans.text")) or ("trans/" in path and "fe_03" in path)}
        assert texts <= set(claimed)


@needs_shared
def test_the_sample_of_nltk_is_36_calls_without_audio() -> None:
    tree = tree_of(SHARED)
    assert SWITCHBOARD.recognise(tree) == ("nltk_switchboard",)
    found = SWITCHBOARD.read(tree, "nltk_switchboard")
    assert len(found.rejects) == 36
    assert set(reasons(found).values()) == {"no_audio"}
    assert not found.drafts


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("&-um I &+wa want", ["um", "I", "wa-", "want"]),
        ("&=clears:throat yes", ["yes"]),
        ("(be)cause tol(d) him (.) (1.5) so", ["because", "told", "him", "so"]),
        ("<I want> [/] I want [*] it", ["I", "want", "I", "want", "it"]),
        ("b@l c@l gonna@d +/.", ["b", "c", "gonna"]),
        ("0is xxx here", ["here"]),
        ("a & b R&B", ["a&", "b", "R&B"]),
    ],
)
def test_marks_of_chat(text: str, wanted: list[str]) -> None:
    assert list(spoken(text)) == wanted
