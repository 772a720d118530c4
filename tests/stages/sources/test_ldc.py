"""What holds for every reader of the LDC's telephone corpora, on trees with their exact layout and syntax and with faults in them."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stages.decode.fetch import resolve
from stages.sources.callhome import READER as CALLHOME
from stages.sources.corpus import LDC_LICENCE, CorpusReader
from stages.sources.fisher import READER as FISHER
from stages.sources.layouts import LAYOUTS, layout
from stages.sources.switchboard import READER as SWITCHBOARD
from tests.stages.sources import ldc_trees as trees
from tests.stages.sources.corpora import check, probe, put, read, reasons, tree_of

CORPORA: dict[str, tuple[CorpusReader, dict[str, bytes]]] = {
    "fisher": (FISHER, trees.fisher()),
    "switchboard": (SWITCHBOARD, trees.switchboard()),
    "callhome": (CALLHOME, trees.callhome()),
}
SURE = re.compile(r".*(?:\.sph|\.cha|-ms98-a-(?:trans|word)\.text|/trans/.*\.txt|/transcrpt/.*\.txt)")
"""Files whose name or place says what they are, with nothing else there."""
TABLES = (".tbl", ".csv")
each_corpus = pytest.mark.parametrize("name", CORPORA)


def whole_calls(files: set[str]) -> set[str]:
    """Sound that has a transcript of both sides among `files`, by rules of our own."""
    found = set()
    for path in files:
        stem = Path(path).stem
        if not path.endswith(".sph"):
            continue
        if match := re.fullmatch(r"sw0(\d{4})", stem):
            forms = [[f"sw{match[1]}{side}-ms98-a-{what}.text" for side in "AB"] for what in ("trans", "word")]
            has = any(all(any(other.endswith(name) for other in files) for name in form) for form in forms)
        elif "0wav" in path:
            has = path.replace("0wav/", "").replace(".sph", ".cha") in files
        else:
            has = any(re.fullmatch(rf".*/trans(?:crpt)?/.*{stem}\.txt", other) for other in files)
        if has:
            found.add(path)
    return found


@each_corpus
def test_the_table_knows_the_reader_and_no_other_takes_its_corpus(name: str, tmp_path: Path) -> None:
    assert layout(name) is CORPORA[name][0]
    tree = tree_of(put(tmp_path, CORPORA[name][1]))
    assert {other for other in LAYOUTS if layout(other).recognise(tree)} == {name}


@each_corpus
def test_every_file_of_the_corpus_is_claimed_and_every_sound_is_two_channels(name: str, tmp_path: Path) -> None:
    reader, files = CORPORA[name]
    found = read(reader, put(tmp_path, files))
    check(found, files)
    for draft in found.drafts:
        assert draft.source.licence == LDC_LICENCE
        assert probe(resolve(draft.source.uris[0], draft.source.base)).channels == 2


@each_corpus
@settings(max_examples=40, deadline=None)
@given(chosen=st.data())
def test_whatever_is_missing_every_file_is_accounted_for(name: str, chosen: st.DataObject) -> None:
    reader, files = CORPORA[name]
    kept = chosen.draw(st.sets(st.sampled_from(sorted(files))))
    with tempfile.TemporaryDirectory() as folder:
        tree = tree_of(put(Path(folder), {path: files[path] for path in kept}))
        roots = reader.recognise(tree)
        assert roots or not any(SURE.fullmatch(path) for path in kept)
        if not roots:
            return
        assert roots == ("",)
        found = reader.read(tree, "")
    check(found, kept)
    assert {uri for draft in found.drafts for uri in draft.source.uris} == {path for path in kept if path.endswith(".sph")}
    assert {draft.source.uris[0] for draft in found.drafts if draft.source.transcript} == whole_calls(kept)
    assert set(reasons(found).values()) <= {"no_audio"}


@each_corpus
@settings(max_examples=25, deadline=None)
@given(chosen=st.data())
def test_sounds_cut_into_sides_are_whole_or_told(name: str, chosen: st.DataObject) -> None:
    reader, files = CORPORA[name]
    sounds = sorted(path for path in files if path.endswith(".sph"))
    kept = {path: files[path] for path in files if path not in sounds}
    wanted: dict[str, list[str]] = {}
    for path in sounds:
        cut = {"both": [path], "": []} | {side: [path.replace(".sph", f"{side}.wav")] for side in ("_A", "-b", ".A", "B")}
        parts = [part for choice in chosen.draw(st.sets(st.sampled_from(sorted(cut)))) for part in cut[choice]]
        wanted[path] = parts
        kept |= dict.fromkeys(parts, trees.sph(0.01, channels=1 if parts != [path] else 2))
    with tempfile.TemporaryDirectory() as folder:
        found = read(reader, put(Path(folder), kept))
    check(found, kept)
    told = [(reject.reason, set(reject.uris)) for reject in found.rejects]
    for path, parts in wanted.items():
        sides = [re.search(r"[abAB]\.wav$", part) is not None for part in parts]
        first = sorted(part for part in parts if re.search(r"A\.wav$", part))
        second = sorted(part for part in parts if re.search(r"[bB]\.wav$", part))
        copies = [(path,)] * (not all(sides)) + list(zip(first, second, strict=False))
        made = {draft.source.uris for draft in found.drafts if set(draft.source.uris) & set(parts)}
        assert made == set(copies[:1])
        if parts and not copies:
            assert any(reason == "side_missing" and uris & set(parts) for reason, uris in told)
        else:
            again = sum(reason == "duplicate_id" and bool(uris & set(parts)) for reason, uris in told)
            assert again == (len(copies) - 1 + abs(len(first) - len(second)) if parts else 0)


@each_corpus
@pytest.mark.parametrize("data", [b"", b"\xff\xfe\x00 garbage \x9f", b'one,two\n,,,\n"unended', b"\x00" * 99, b"a" * 200_000 + b"\n1,2"])
def test_broken_tables_are_told_and_lose_no_call(name: str, data: bytes, tmp_path: Path) -> None:
    reader, files = CORPORA[name]
    broken = {path: data if path.endswith(TABLES) or "filetable" in path else held for path, held in files.items()}
    found = read(reader, put(tmp_path, broken))
    assert {uri for draft in found.drafts for uri in draft.source.uris} == {path for path in files if path.endswith(".sph")}
    check(found, broken)
    assert found.listed is None
    assert bool(data.strip(b"\x00\n")) == any(re.search(r"name no|cannot be read", problem) for problem in found.problems)


@each_corpus
def test_tables_and_transcripts_that_cannot_be_opened_are_told(name: str, tmp_path: Path) -> None:
    reader, files = CORPORA[name]
    tree = tree_of(put(tmp_path, files))
    gone = [path for path in files if path.endswith((*TABLES, ".sgm", ".cha"))]
    for path in gone:
        (tmp_path / path).unlink()
    found = reader.read(tree, "")
    assert all(any(problem.startswith(f"{path}: cannot be read") for problem in found.problems) for path in gone)
    assert len(found.drafts) == sum(path.endswith(".sph") for path in files)
    check(found, files)


@each_corpus
@pytest.mark.parametrize("line", [0, 1, 2])
def test_a_line_that_stands_twice_in_a_table_is_told(name: str, line: int, tmp_path: Path) -> None:
    reader, files = CORPORA[name]
    path = next(path for path in files if path.endswith(("p1_calldata.tbl", "call_con_tab.csv", "spkrinfo.tbl")))
    rows = [row for row in files[path].split(b"\n") if row and not row.startswith(b"CALL_ID")]
    twice = {**files, path: files[path].rstrip(b"\n") + b"\n" + rows[line]}
    found = read(reader, put(tmp_path / "twice", twice))
    once = read(reader, put(tmp_path / "once", files))
    assert found.listed == once.listed
    assert [draft.source.extra for draft in found.drafts] == [draft.source.extra for draft in once.drafts]
    (told,) = set(found.problems) - set(once.problems)
    assert re.search(r"stand twice|name a side again", told)


@each_corpus
def test_the_same_call_in_another_folder_is_a_duplicate(name: str, tmp_path: Path) -> None:
    reader, files = CORPORA[name]
    path = next(path for path in files if path.endswith(".sph"))
    again = f"{path.rpartition('/')[0]}/copy/{path.rpartition('/')[2]}" if name != "callhome" else path.replace("0wav/", "media/")
    found = read(reader, put(tmp_path, {**files, again: files[path]}))
    assert [reject.uris for reject in found.rejects if reject.reason == "duplicate_id"] in ([(path,)], [(again,)])
    check(found, {**files, again: files[path]})


@each_corpus
def test_what_a_person_says_goes_before_the_corpus_and_a_macs_files_are_left(name: str, tmp_path: Path) -> None:
    reader, files = CORPORA[name]
    sound = next(path for path in files if path.endswith(".sph"))
    mac = {f"{sound.rpartition('/')[0]}/._{sound.rpartition('/')[2]}": b"Mac OS X"}
    found = read(reader, put(tmp_path, files | mac), licence="LicenseRef-Own", corpus="Mine", language="en-GB", consent="yes")
    said = {(source.corpus, source.licence, source.language, source.consent) for source in (draft.source for draft in found.drafts)}
    assert said == {("Mine", "LicenseRef-Own", "en-GB", "yes")}
    check(found, files)


def test_all_corpora_in_one_delivery_are_told_apart(tmp_path: Path) -> None:
    files = {f"{name}/{path}": data for name, (_, held) in CORPORA.items() for path, data in held.items()}
    others = {"calls/1234.wav": trees.sph(0.1), "calls/notes.txt": b"x", "fisher/mine.csv": b"a,b"}
    tree = tree_of(put(tmp_path, files | others))
    claimed: dict[str, str] = {}
    for name, (reader, held) in CORPORA.items():
        for root in reader.recognise(tree):
            found = reader.read(tree, root)
            check(found, {f"{name}/{path}" for path in held})
            assert not claimed.keys() & found.claimed.keys()
            claimed |= found.claimed
    assert set(claimed) == set(files)


@each_corpus
def test_the_extra_of_a_call_is_json_with_a_value_a_side(name: str, tmp_path: Path) -> None:
    reader, files = CORPORA[name]
    for draft in read(reader, put(tmp_path, files)).drafts:
        extra = json.loads(draft.source.extra)
        assert all(len(extra[key]) == 2 for key in ("sex", "age", "dialect", "born", "pin", "raised") if key in extra)
        assert set(extra.get("sex", ())) <= {"female", "male", None}
