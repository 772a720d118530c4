"""What the readers of corpora do alike: drafts with what the settings say, one recording for each id, and a claim on every file."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterable, Sequence
from typing import Any

from schemas.errors import Reject
from schemas.source import Source, same_id
from stages.sources.corpus import Corpus, CorpusError, Tree
from stages.sources.listing import Draft, record
from stages.sources.walk import suffix_of

_EXAMPLES = 6

DOCUMENTS = ("readme", "license", "licence", "citation", "contributing", "changelog", "notice")

SECOND = "{} files are second transcripts of what another is taken for, and not read"


class Gather:
    """A `Corpus` in the making. `corpus`, `licence` and `language` are the corpus's own; the settings go before them."""

    def __init__(self, tree: Tree, *, corpus: str | None = None, licence: str | None = None, language: str | None = None) -> None:
        self.tree = tree
        self.found = Corpus()
        self._corpus = tree.settings.corpus or corpus
        self._licence = tree.settings.licence or licence
        self._language = tree.settings.language or language
        self._first: dict[str, tuple[str, ...]] = {}
        self._notes: dict[str, list[str]] = {}

    def claim(self, what: str, *paths: str) -> None:
        """Say what files are, unless it was said."""
        for path in paths:
            self.found.claimed.setdefault(path, what)

    def documents(self, folder: str) -> None:
        """Claim the documents that lie in a folder itself: README, LICENSE and the like."""
        for path in self.tree.files:
            if posixpath.dirname(path) == folder and posixpath.basename(path).lower().partition(".")[0] in DOCUMENTS:
                self.claim("document", path)

    def add(
        self,
        id: str,
        paths: tuple[str, ...],
        *,
        speakers: tuple[str, ...] = (),
        roles: tuple[str, ...] = (),
        transcript: str | None = None,
        long: str | None = None,
        extra: dict[str, Any] | None = None,
    ) -> None:
        """A recording, or a `duplicate_id` reject where its id was there before and `long` gives it no other."""
        self.found.claimed.update(dict.fromkeys(paths, "audio"))
        first = self._first.setdefault(same_id(id), paths)
        if first is not paths and long is None:
            self.repeated(id, paths, first)
            return
        files = [self.tree.files[path] for path in paths]
        settings = self.tree.settings
        source = Source(
            id=id,
            uris=paths,
            base=self.tree.folder,
            fingerprints=tuple(file.fingerprint for file in files),
            bytes=sum(file.size for file in files),
            corpus=self._corpus,
            licence=self._licence,
            consent=settings.consent,
            language=self._language,
            speakers=speakers,
            roles=roles,
            transcript=transcript,
            extra=json.dumps({key: value for key, value in (extra or {}).items() if value is not None}, sort_keys=True, ensure_ascii=False),
        )
        self.found.drafts.append(Draft(source, long, paths[0], {"paths": list(paths)}))

    def repeated(self, id: str, paths: tuple[str, ...], first: tuple[str, ...]) -> None:
        """A `duplicate_id` reject: `paths` are a recording whose id `first` has."""
        self.claim("audio", *paths)
        detail = f"{' and '.join(paths)} has the id {id!r}, which {' and '.join(first)} already has; remove one of the two"
        self._reject(Reject("duplicate_id", detail, path=paths[0], paths=list(paths), first_path=first[0]), id, paths)

    def no_audio(self, id: str, named_by: str, paths: Sequence[str] = ()) -> None:
        """A reject: `named_by` (a list, a table; empty for the transcripts `paths` themselves) knows a recording that is not here."""
        who = named_by or " and ".join(paths)
        detail = f"{who} {'names' if named_by else 'belongs to'} {id!r}, and its audio is not here"
        self._reject(Reject("no_audio", detail, named_by=who, paths=list(paths)), id, paths)

    def side_missing(self, id: str, path: str, wanted: str, paths: Sequence[str] = ()) -> None:
        """A reject: the audio `path` is one side of `id` and `wanted` is not here; `paths` are what else is there of it."""
        self.found.claimed[path] = "audio"
        detail = f"{path} is one side of {id!r}, and {wanted} is not here"
        self._reject(Reject("side_missing", detail, path=path, wanted=wanted, paths=[path, *paths]), id, (path, *paths))

    def refuse(self, reason: str, detail: str, id: str, paths: Sequence[str]) -> None:
        """A reject for another reason, in a sentence of the caller's own."""
        self._reject(Reject(reason, detail, paths=list(paths)), id, paths)

    def _reject(self, reject: Reject, id: str, paths: Sequence[str]) -> None:
        self.found.rejects.append(record(reject, id, tuple(paths)))

    def tell(self, problem: str) -> None:
        """A sentence on what a person may want to look at."""
        self.found.problems.append(problem)

    def note(self, problem: str, name: str) -> None:
        """One more thing with a problem that is told once of all; `{}` in it is their number."""
        self._notes.setdefault(problem, []).append(name)

    def finish(self) -> Corpus:
        """What was gathered, after all problems are told."""
        for problem, names in self._notes.items():
            self.tell_of(problem, names)
        self._notes.clear()
        return self.found

    def tell_of(self, problem: str, names: Iterable[str]) -> None:
        """One sentence on several things; `{}` in it is their number, and the first of them stand at its end."""
        some = sorted(names)
        if some:
            more = f" and {len(some) - _EXAMPLES} more" if len(some) > _EXAMPLES else ""
            self.tell(f"{problem.format(len(some))}: {', '.join(some[:_EXAMPLES])}{more}.")

    def read_json(self, path: str) -> Any:
        """A JSON file; None, and a problem told, where it cannot be read."""
        try:
            return json.loads(self.tree.text(path))
        except CorpusError as error:
            self.tell(f"{error}.")
        except (ValueError, RecursionError) as error:
            self.tell(f"{path}: is no JSON ({error}).")
        return None


def is_audio(tree: Tree, path: str) -> bool:
    """Whether a file is audio by its ending, and not a hidden one."""
    return not posixpath.basename(path).startswith(".") and suffix_of(path).lower() in {each.lower() for each in tree.settings.suffixes}


def stem(path: str) -> str:
    """A file's name without folders and its last ending."""
    name = posixpath.basename(path)
    return name[: len(name) - len(suffix_of(name))]


def outermost(roots: Iterable[str]) -> tuple[str, ...]:
    """Folders without those that lie in another of them, sorted."""
    there = set(roots)
    return tuple(sorted(root for root in there if not any(above in there for above in _above(root))))


def _above(folder: str) -> list[str]:
    parts = folder.split("/") if folder else []
    return ["/".join(parts[:length]) for length in range(len(parts))]
