"""What each reader of the LDC's corpora makes of a call, and what Lhotse's recipes make of the same tree."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stages.sources.callhome import READER as CALLHOME
from stages.sources.corpus import Corpus, CorpusReader
from stages.sources.fisher import READER as FISHER
from stages.sources.switchboard import READER as SWITCHBOARD
from stages.transcribe.formats.markup import words as spoken
from stages.transcribe.given import GivenTranscribe
from tests.shared import SHARED, needs_shared
from tests.stages.sources import ldc_trees as trees
from tests.stages.sources.corpora import RATE, check, put, read, reasons, source, transcribed, tree_of, words


def extra(found: Corpus, id: str) -> dict[str, Any]:
    return dict(json.loads(source(found, id).extra))


def only(files: dict[str, bytes], *calls: str) -> dict[str, bytes]:
    """Tables, and the files of these calls."""
    return {path: data for path, data in files.items() if path.endswith((".tbl", ".csv")) or re.search("|".join(calls), path)}


def test_a_fisher_call_with_its_tables(tmp_path: Path) -> None:
    found = read(FISHER, put(tmp_path, trees.fisher()))
    call = source(found, "fe_03_00001")
    assert (call.corpus, call.language, call.speakers) == ("Fisher English", "en-US", ("2602", "1790"))
    said = extra(found, "fe_03_00001")
    assert said.pop("other_transcripts") == ["LDC2004T19/data/bbn_orig/000/auto-segmented/fe_03_00001.trn"]
    assert said == {
        "sex": ["female", "male"],
        "dialect": ["American English", "other"],
        "age": [31, 44],
        "education_years": [16, None],
        "native_language": ["English", "Hindi"],
        "raised": ["NY", "IND"],
        "phone": ["land line", "cell"],
        "handset": ["hand-held", "headset"],
        "topic": "ENG01",
        "topic_title": "Professional Sports on TV.",
        "date": "2002-12-12",
        "time": "16:42:21",
        "signal_grade": 3,
        "conversation_grade": 4.5,
        "transcribed_by": "LDC",
    }
    heard = transcribed(call)
    assert words(heard, 0) == ["hello", "yes"]
    assert words(heard, 1) == ["hi", "there", "it's", "m.", "c.", "i."]
    assert reasons(found) == {"fe_03_00003": "no_audio"}
    assert found.listed == 4
    assert extra(found, "fe_03_00009") == {"listed": False}
    assert any("no transcript" in problem and "fe_03_00002" in problem for problem in found.problems)


def test_the_voice_of_a_fisher_call_goes_before_who_its_pin_is(tmp_path: Path) -> None:
    found = read(FISHER, put(tmp_path, trees.fisher()))
    said = extra(found, "fe_03_05851")
    assert (said["sex"], said["pin_doubtful"]) == (["male", "female"], [True, False])
    assert extra(found, "fe_03_00002")["sex"] == ["male", "male"], "who listened goes before the list of files"
    assert any("fe_03_05851" in problem and "PIN" in problem for problem in found.problems)


def test_fisher_without_call_tables_knows_calls_and_sexes_by_its_lists(tmp_path: Path) -> None:
    files = {path: data for path, data in trees.fisher().items() if "calldata" not in path and "pindata" not in path}
    found = read(FISHER, put(tmp_path, files))
    assert found.listed == 4
    assert extra(found, "fe_03_05851") == {"sex": ["male", "female"]}
    assert source(found, "fe_03_05851").speakers == ()
    assert reasons(found) == {"fe_03_00003": "no_audio"}


def test_a_fisher_call_table_is_read_by_the_names_of_its_columns(tmp_path: Path) -> None:
    path = "LDC2005T19/doc/fe_03_p2_calldata.tbl"
    turned = b"CALL_ID,BPIN,APIN,TOPICID,DATE_TIME,BSX.DL,ASX.DL\n05851,2602,2637,ENG01,20030401_10:00:01,f.a,m.a\n"
    bare = trees.fisher()[path].partition(b"\n")[2]
    for data in (turned, bare):
        found = read(FISHER, put(tmp_path, {**trees.fisher(), path: data}))
        assert source(found, "fe_03_05851").speakers == ("2637", "2602")
        assert extra(found, "fe_03_05851")["date"] == "2003-04-01"


def test_fisher_as_it_is_downloaded_today_and_with_names_in_capitals(tmp_path: Path) -> None:
    files = {
        "fisher_eng_tr_sp_d1/audio/000/FE_03_00001.SPH": trees.sph(trees.LONG),
        "fisher_eng_tr_sp_d1/volume_id.txt": b"1",
        "fe_03_p1_tran/data/trans/000/fe_03_00001.txt": b"# fe_03_00001.sph\n\n1.00 2.00 A: hi \n",
    }
    found = read(FISHER, put(tmp_path, files))
    check(found, files)
    assert words(transcribed(source(found, "fe_03_00001")), 0) == ["hi"]


def test_a_switchboard_call_with_both_sides(tmp_path: Path) -> None:
    found = read(SWITCHBOARD, put(tmp_path, trees.switchboard()))
    call = source(found, "sw02001")
    assert (call.corpus, call.speakers) == ("Switchboard-1", ("1020", "1044"))
    said = extra(found, "sw02001")
    assert len(said.pop("other_transcripts")) == 2
    assert said == {
        "sex": ["female", "male"],
        "born": [1942, 1961],
        "dialect": ["NORTHERN", "SOUTH MIDLAND"],
        "education": [2, 3],
        "topic": "303",
        "topic_title": "CLOTHING AND DRESS",
        "date": "1991-03-04",
        "difficulty": 1,
        "topicality": 3,
        "naturalness": 2,
    }
    assert reasons(found) == {"sw02008": "no_audio", "sw02010": "no_audio"}
    assert found.listed == 5
    assert source(found, "sw02005").transcript is None
    assert any("one side is not read" in problem and "sw2005A" in problem for problem in found.problems)
    assert "topic" not in extra(found, "sw02006")
    assert extra(found, "sw02012") == {"listed": False}


def test_the_words_of_switchboard_have_the_times_of_their_file(tmp_path: Path) -> None:
    found = read(SWITCHBOARD, put(tmp_path, trees.switchboard()))
    heard = transcribed(source(found, "sw02001"))
    timed = [(word.text, word.span.start / RATE, word.span.end / RATE) for word in heard.words(0)]
    wanted = [("hi", 0.977625, 1.25), ("um", 1.25, 1.5), ("yeah", 1.5, 1.875), ("i'd", 1.875, 2.25), ("l-", 2.25, 2.561375)]
    assert timed == wanted
    assert words(heard, 1) == ["alrighty", "sure"]
    without = transcribed(source(found, "sw02006"))
    assert words(without, 0) == ["so", "evaluate"]
    assert words(without, 1) == ["uh-huh", "them"]


def test_switchboard_with_one_table_of_two(tmp_path: Path) -> None:
    for gone, speakers, listed in (("call_con_tab.csv", ("1020", "1044"), 2), ("conv_tab.csv", ("1020", "1044"), 5)):
        files = {path: data for path, data in trees.switchboard().items() if not path.endswith(gone)}
        found = read(SWITCHBOARD, put(tmp_path / gone, files))
        assert source(found, "sw02001").speakers == speakers
        assert found.listed == listed
        assert extra(found, "sw02001")["topic"] == "303"


def test_sides_of_switchboard_in_two_folders_are_told(tmp_path: Path) -> None:
    moved = {re.sub(r"20/2006/(sw2006B)", r"more/\1", path): data for path, data in trees.switchboard().items()}
    found = read(SWITCHBOARD, put(tmp_path, moved))
    check(found, moved)
    assert source(found, "sw02006").transcript is None
    assert any("in one folder" in problem and "sw2006A" in problem for problem in found.problems)


@needs_shared
def test_the_sample_of_nltk_is_36_calls_without_audio() -> None:
    tree = tree_of(SHARED)
    assert SWITCHBOARD.recognise(tree) == ("nltk_switchboard",)
    found = SWITCHBOARD.read(tree, "nltk_switchboard")
    assert len(found.rejects) == 36
    assert set(reasons(found).values()) == {"no_audio"}
    assert not found.drafts
    assert set(found.claimed) == {path for path in tree.files if path.startswith("nltk_switchboard/")}
    details = [reject.detail for reject in found.rejects]
    assert "holds call 1 of 36, 436.779 s long" in details[0]
    assert found.problems == []


@pytest.mark.parametrize(("text", "calls", "told"), [("0.0 1.5 a\n\n0.0 2.5 b\n\n0.0 3.0 c\n", 2, "3 sides"), ("\n", 0, "no segments")])
def test_a_sample_like_nltks_that_is_cut_short(text: str, calls: int, told: str, tmp_path: Path) -> None:
    sample = {"swb/timed-transcript": text.encode(), "swb/discourse": b"", "swb/disfluency": b"", "swb/README": b""}
    found = read(SWITCHBOARD, put(tmp_path, sample))
    assert [reject.id for reject in found.rejects] == ["swb/call-01", "swb/call-02"][:calls]
    assert any(told in problem for problem in found.problems)
    assert set(found.claimed) == set(sample)
    assert all("2.5 s long" in reject.detail for reject in found.rejects[:1])


@needs_shared
def test_the_marks_of_real_segments_are_taken_out_and_agree_with_another_transcript() -> None:
    folder = SHARED / "nltk_switchboard"
    segments = [line.split(maxsplit=2)[2] for line in (folder / "timed-transcript").read_text().split("\n") if line.strip()]
    timed = [word for segment in segments for word in spoken(segment)]
    assert len(timed) == 64158
    assert not [word for word in timed if re.search(r"[^\w'\-.&]", word)]
    turns = re.findall(r"^[AB]\.\d+: (.*)", (folder / "transcript").read_text(), re.MULTILINE)
    said = [word for turn in turns for word in spoken(turn)]
    one, other = (Counter(word.lower().strip('.,?!"()-') for word in heard) for heard in (timed, said))
    assert (one & other).total() / max(one.total(), other.total()) > 0.95


def test_callhome_in_chat_and_in_the_ldcs_text(tmp_path: Path) -> None:
    found = read(CALLHOME, put(tmp_path, trees.callhome()))
    assert {(source.id, source.corpus, source.language) for source in (draft.source for draft in found.drafts)} == {
        *(("en_4065", "CALLHOME", "en-US"), ("4100", "CALLHOME", "en-US"), ("ge_4065", "CALLHOME", "de")),
        *(("ge_5001", "CALLHOME", "de"), ("ge_5002", "CALLHOME", "de"), ("ma_0022", "CALLHOME", "zh"), ("4175", "CALLFRIEND", "en-US")),
    }
    chat, german, chinese = (transcribed(source(found, id)) for id in ("en_4065", "ge_5001", "ma_0022"))
    assert words(chat, 0) == ["yeah", "I", "mean", "because", "the", "the", "the", "cat", "went"]
    assert words(chat, 1) == ["mhm."]
    assert words(german, 0) == ["ja", "Lydia", "äh"]
    assert words(german, 1) == ["nein", "und", "tschüß"]
    assert words(chinese, 0) == ["你好", "张三"]
    assert reasons(found) == {"4092": "no_audio", "ge_5003": "no_audio"}
    assert found.listed == 3


def test_what_callhomes_tables_and_headers_say(tmp_path: Path) -> None:
    found = read(CALLHOME, put(tmp_path, trees.callhome()))
    assert extra(found, "en_4065") == {"sex": ["female", "male"], "age": [31, 28], "date": "1995-07-05"}
    assert extra(found, "ge_4065")["sex"] == ["male", "male"]
    assert extra(found, "4175") == {"age": [31, 28], "date": "1995-07-05", "untimed_utterances": 1}
    caller = {"sex": ["female", None], "age": [35, None], "education_years": [16, None], "raised": ["Berlin", None]}
    assert extra(found, "ge_5001") == {**caller, "pin": ["1234", None]}
    assert any("without times" in problem and "4175.cha" in problem for problem in found.problems)


def test_a_call_of_the_ldc_with_the_chat_of_talkbank_is_one(tmp_path: Path) -> None:
    files = {
        "data/train/en_4065.sph": trees.sph(trees.LONG),
        "transcrpt/train/en_4065.txt": b"0.50 1.90 A: hi\n",
        "talkbank/eng/4065.cha": trees.chat("CallHome", "eng", "4065", *trees.CALL),
    }
    found = read(CALLHOME, put(tmp_path, files))
    check(found, files)
    assert [draft.source.id for draft in found.drafts] == ["en_4065"]
    assert found.drafts[0].source.transcript == "talkbank/eng/4065.cha"
    assert extra(found, "en_4065")["other_transcripts"] == ["transcrpt/train/en_4065.txt"]


def test_sound_by_the_name_in_the_header_and_nobody_elses_numbers(tmp_path: Path) -> None:
    files = {
        "calls/wine.cha": b"",
        "CallHome/eng/wine.cha": trees.chat("CallHome", "eng", "4999", *trees.CALL),
        "elsewhere/4999.wav": trees.sph(trees.LONG),
        "elsewhere/1234.wav": trees.sph(0.1),
    }
    tree = tree_of(put(tmp_path, files))
    assert CALLHOME.recognise(tree) == ("",)
    found = CALLHOME.read(tree, "")
    assert [draft.source.uris for draft in found.drafts] == [("elsewhere/4999.wav",)]
    assert found.drafts[0].source.transcript == "CallHome/eng/wine.cha"
    assert "elsewhere/1234.wav" not in found.claimed


def turns(reader: CorpusReader, folder: Path) -> set[tuple[str, int, float, float, str]]:
    """Call, channel, start, end and text of every utterance, as the transcripts that a reader names say them."""
    found = read(reader, folder)
    given = [draft.source for draft in found.drafts]
    said = [(each, one) for each in given for one in GivenTranscribe().reading(each).said]
    place = {each.id: {"A": 0, "B": 1} | dict(zip(each.speakers, (0, 1), strict=False)) for each in given}
    return {
        (each.id, place[each.id][one.label], round(one.start, 2), round(one.end, 2), one.text.strip())
        for each, one in said
        if one.text.strip()
    }


def judged(manifests: dict[str, Any]) -> set[tuple[str, int, float, float, str]]:
    found = manifests["supervisions"]
    return {(one.recording_id, one.channel, round(one.start, 2), round(one.end, 2), one.text) for one in found if one.text}


@pytest.fixture
def no_sph2pipe() -> Iterator[None]:
    """Lhotse opens SPHERE files with a program that nobody needs for files that are not packed."""
    from lhotse.audio.backend import LibsndfileBackend, audio_backend  # type: ignore[import-untyped]

    with audio_backend(LibsndfileBackend()):
        yield


@pytest.mark.usefixtures("no_sph2pipe")
@pytest.mark.filterwarnings("ignore:Fisher's")
def test_lhotse_finds_the_same_in_fisher(tmp_path: Path) -> None:
    from lhotse.recipes.fisher_english import prepare_fisher_english  # type: ignore[import-untyped]

    files = only(trees.fisher(), "00001", "05851")
    judge = prepare_fisher_english(put(tmp_path / "in", files), tmp_path / "out", absolute_paths=True)
    assert turns(FISHER, tmp_path / "in") == judged(judge)
    sources = {draft.source.id: draft.source for draft in read(FISHER, tmp_path / "in").drafts}
    assert {one.recording_id for one in judge["supervisions"]} == set(sources)
    assert all(sources[one.recording_id].speakers[one.channel] == one.speaker for one in judge["supervisions"])
    assert all(recording.num_channels == 2 and recording.sampling_rate == RATE for recording in judge["recordings"])


@pytest.mark.usefixtures("no_sph2pipe")
def test_lhotse_finds_the_same_in_switchboard(tmp_path: Path) -> None:
    from lhotse.recipes.switchboard import prepare_switchboard  # type: ignore[import-untyped]

    files = {path: data for path, data in only(trees.switchboard(), "2001", "2006").items() if "word.text" not in path}
    folder = put(tmp_path, files)
    judge = judged(prepare_switchboard(folder, folder / "swb_ms98_transcriptions", absolute_paths=True))
    assert {each for each in turns(SWITCHBOARD, folder) if each[-1] != "[silence]"} == judge


@pytest.mark.usefixtures("no_sph2pipe")
def test_lhotse_finds_the_same_in_callhome(tmp_path: Path) -> None:
    from lhotse.recipes.callhome_english import prepare_callhome_english  # type: ignore[import-untyped]

    folder = put(tmp_path, trees.english())
    judge = prepare_callhome_english(folder / "LDC97S42", transcript_dir=folder / "LDC97T14", absolute_paths=True)
    assert set(judge) == {"train", "devtest", "evaltest"}
    assert turns(CALLHOME, folder) == set().union(*(judged(part) for part in judge.values()))


@pytest.mark.parametrize("reader", [FISHER, SWITCHBOARD, CALLHOME])
def test_calls_by_their_names_alone_need_no_tables(reader: CorpusReader, tmp_path: Path) -> None:
    files = {FISHER: "fe_03_00001", SWITCHBOARD: "sw02001", CALLHOME: "en_4065"}
    found = read(reader, put(tmp_path, {f"{files[reader]}.flac": trees.sph(0.1)}))
    assert [(draft.source.id, draft.source.extra) for draft in found.drafts] == [(files[reader], "{}")]
    assert found.listed is None
