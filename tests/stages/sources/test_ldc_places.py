"""Corpora of the LDC in folders that a person named: where one lies, what belongs together, and what is another's."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stages.sources.callhome import READER as CALLHOME
from stages.sources.corpus import LDC_LICENCE, CorpusReader
from stages.sources.delivery import list_delivery
from stages.sources.fisher import READER as FISHER
from stages.sources.settings import SourceSettings
from stages.sources.switchboard import READER as SWITCHBOARD
from tests.stages.sources import ldc_trees as trees
from tests.stages.sources.corpora import check, put, read, reasons, source, tree_of

SOUND = trees.sph(0.1)
CHAT = trees.chat("CallHome", "eng", "4065", *trees.CALL)
CALLDATA = f"{trees.CALLDATA}\n00001,20021212_16:42:21,ENG01,3,4.5,2602,f.a,ab12,4,3,1790,m.o,cd34,2,1\n".encode()
SIDES = b'2001, "A", 1020, "", 10, 303, "", "Y"\n2001, "B", 1044, "", 10, 303, "", "Y"\n'
MS98 = {f"sw2001{side}-ms98-a-trans.text": f"sw2001{side}-ms98-a-0001 0.0 0.1 hi\n".encode() for side in "AB"}

CALLS: dict[str, tuple[CorpusReader, str, dict[str, bytes], dict[str, bytes]]] = {
    "fisher": (
        *(FISHER, "fe_03_00001.sph", {"fe_03_00001.txt": trees.trans("fe_03_00001", "at the LDC", "0.00 0.10 A: hi")}),
        {"fe_03_p1_calldata.tbl": CALLDATA},
    ),
    "switchboard": (SWITCHBOARD, "sw02001.wav", MS98, {"call_con_tab.csv": SIDES}),
    "callhome": (CALLHOME, "en_4065.sph", {"en_4065.txt": b"0.00 0.10 A: hi\n"}, {"spkrinfo.tbl": b"en_4065,F,35,16,NY\n"}),
    "chat": (CALLHOME, "4065.flac", {"4065.cha": CHAT}, {}),
}
"""Of one call: its reader, the name of its sound, its transcripts, and the tables that name it."""
each_call = pytest.mark.parametrize("name", CALLS)
FOLDERS = st.lists(st.sampled_from(["speech", "text", "wav 8k", "in", "tables", "000", "audio", "data", "Fisher", "swb1"]), max_size=3)


def within(folders: list[str], files: dict[str, bytes]) -> dict[str, bytes]:
    return {"/".join([*folders, path]): data for path, data in files.items()}


@each_call
@settings(max_examples=30, deadline=None)
@given(sound=FOLDERS, text=FOLDERS, table=FOLDERS)
@example(sound=["speech"], text=["text"], table=["tables"])
def test_sound_text_and_tables_of_a_call_find_each_other_wherever_they_lie(
    name: str, sound: list[str], text: list[str], table: list[str]
) -> None:
    reader, audio, texts, tables = CALLS[name]
    files = within(sound, {audio: SOUND}) | within(text, texts) | within(table, tables)
    with tempfile.TemporaryDirectory() as folder:
        found = read(reader, put(Path(folder), files))
    check(found, files)
    (draft,) = found.drafts
    assert draft.source.transcript is not None
    assert draft.source.transcript.replace("{side}", "A") in within(text, texts)
    assert found.rejects == []
    assert found.listed == (1 if tables else None)
    assert draft.source.speakers == {"fisher": ("2602", "1790"), "switchboard": ("1020", "1044")}.get(name, ())


@each_call
def test_copies_of_a_corpus_stay_apart_and_a_stray_copy_of_a_sound_is_a_duplicate(name: str, tmp_path: Path) -> None:
    reader, audio, texts, _ = CALLS[name]
    whole = {audio: SOUND, **texts}
    twice = tree_of(put(tmp_path / "twice", within(["old"], whole) | within(["new"], whole)))
    assert reader.recognise(twice) == ("new", "old")
    stray = within(["old"], whole) | within(["new"], {audio: SOUND})
    found = read(reader, put(tmp_path / "stray", stray))
    assert [reject.reason for reject in found.rejects] == ["duplicate_id"]
    assert len(found.drafts) == 1
    check(found, stray)


@each_call
def test_a_corpus_in_parts_is_one_though_a_call_stands_in_two_of_them(name: str, tmp_path: Path) -> None:
    reader, audio, texts, _ = CALLS[name]
    digits = audio.rpartition(".")[0][-4:]

    def part(folder: str, number: int) -> dict[str, bytes]:
        files = within([folder], {audio: SOUND, **texts})
        return {path.replace(digits, f"{number}"): data for path, data in files.items()}

    files = part("in/first", 2001) | part("in/second", 2002) | part("in/third", 2003) | part("in/fourth", 2004) | part("in/fifth", 2004)
    tree = tree_of(put(tmp_path, files))
    assert reader.recognise(tree) == ("in",)
    found = reader.read(tree, "in")
    check(found, files)
    assert (len(found.drafts), [*reasons(found).values()]) == (4, ["duplicate_id"])


def test_chat_of_another_corpus_keeps_its_sound_and_is_not_under_the_ldcs_agreement(tmp_path: Path) -> None:
    files = {
        "CallHome/eng/4065.cha": CHAT,
        "CallHome/eng/4065.wav": SOUND,
        "brown/adam.cha": trees.chat("Brown", "eng", "adam", *trees.CALL),
        "brown/adam.wav": SOUND,
    }
    delivery = list_delivery(str(put(tmp_path, files)), SourceSettings(layout="auto"), None)
    found = {each.uris[0]: each for each in delivery.listing.sources}
    assert {path: (each.licence, each.transcript) for path, each in found.items()} == {
        "CallHome/eng/4065.wav": (LDC_LICENCE, "CallHome/eng/4065.cha"),
        "brown/adam.wav": (None, "brown/adam.cha"),
    }
    assert {file.path: file.corpus for file in delivery.files} == {path: None if "adam" in path else "callhome" for path in files}


def test_the_nearest_sound_is_that_of_a_chat_file_and_far_numbers_are_no_part_of_it(tmp_path: Path) -> None:
    files = {"x/4065.cha": CHAT, "x/4065.wav": SOUND, "y/1234.wav": SOUND, "y/notes.txt": b"4065"}
    tree = tree_of(put(tmp_path, files))
    (root,) = CALLHOME.recognise(tree)
    found = CALLHOME.read(tree, root)
    assert [draft.source.uris for draft in found.drafts] == [("x/4065.wav",)]
    assert set(found.claimed) == {"x/4065.cha", "x/4065.wav"}


@pytest.mark.parametrize("name", ["filetable.txt", "filetable2fe_03_p2_sph1.txt", "fe_03_p1_filetable.txt", "FILETABLE.TXT"])
def test_a_list_of_files_by_any_of_its_names(name: str, tmp_path: Path) -> None:
    files = {
        "fe_03_p1_sph1/audio/000/fe_03_00001.sph": SOUND,
        f"fe_03_p1_sph1/{name}": b"fe_03_p1_sph1 fe_03_00001.sph fm\nfe_03_p1_sph1 fe_03_00002.sph mm\n",
    }
    found = read(FISHER, put(tmp_path, files))
    check(found, files)
    assert found.claimed[f"fe_03_p1_sph1/{name}"] == "list"
    assert (found.listed, reasons(found)) == (2, {"fe_03_00002": "no_audio"})
    assert '"sex": ["female", "male"]' in source(found, "fe_03_00001").extra
