"""One shard of a data set into its part of an export: the unit that is done or not, in any worker."""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from pipeline.environment import quiet
from pipeline.exports.format import TRAIN, Account, Options, Sink, Tally, account_of, tally_of
from pipeline.exports.item import Item, read_items
from pipeline.exports.licence import licence_of, refusal
from pipeline.exports.rights import count_rights, policy_refusal
from pipeline.exports.table import format_named
from pipeline.place import Place, place_at
from pipeline.state import FOLDER
from schemas.errors import DuologueError, UsageError

PARTS = f"{FOLDER}/export"
"""Where the parts of shared files and the records of finished units lie, below the export."""
SUMS_PART = "sums"


@dataclass(frozen=True, slots=True)
class UnitJob:
    """One shard to export."""

    shard: str
    """Its name in the data set."""
    rows: int
    index: int
    count: int
    fingerprint: str
    """Hash of the shard and of everything else that shapes the result."""


@dataclass(frozen=True, slots=True)
class UnitOutcome:
    """What became of a job; `fault` is empty when it is done."""

    account: dict[str, Any] | None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class ExportWork:
    """The recipe of an export worker."""

    set: str
    out: str
    format: str
    options: Options

    def build(self) -> Callable[[UnitJob], UnitOutcome]:
        """Prepare to export in this process."""
        quiet()
        return _Exporter(self).take


class _Exporter:
    def __init__(self, recipe: ExportWork) -> None:
        self.recipe = recipe
        self.set = place_at(recipe.set)
        self.out = place_at(recipe.out)
        self.format = format_named(recipe.format)

    def take(self, job: UnitJob) -> UnitOutcome:
        try:
            return UnitOutcome(self._export(job).plain())
        except OSError as error:
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            advice = "; free some space, then run the same command again" if full else ""
            return UnitOutcome(None, f"{self.out.root}: the part of {job.shard} cannot be written: {error}{advice}")
        except DuologueError as error:
            return UnitOutcome(None, f"{job.shard}: {error}")
        except Exception:
            return UnitOutcome(None, f"{job.shard}: {traceback.format_exc()}")

    def _export(self, job: UnitJob) -> Account:
        account, names = Account(), []
        for split in (TRAIN, *(name for name, _ in self.recipe.options.splits)):
            sink = Sink(self.out, self.recipe.options, split, job.index, job.count, account)
            before = account.written.rows
            self.format.write(self._items(job, split, account, sink), sink)
            if self.recipe.options.splits:
                sink.count_up(**{f"split {split}": account.written.rows - before})
            names += self._keep(job, split, sink)
        if account.came.rows != job.rows:
            raise UsageError(f"{account.came.rows} rows were read, and the manifest says {job.rows}; duologue verify tells what is damaged")
        account.check(self.format.carries, f"{self.recipe.format}: {job.shard}")
        record = {"fingerprint": job.fingerprint, "parts": names, "account": account.plain()}
        self.out.put(record_name(job.index), json.dumps(record, sort_keys=True).encode())
        return account

    def _items(self, job: UnitJob, split: str, account: Account, sink: Sink) -> Iterator[Item]:
        """The rows of a split that may be exported; the others are counted."""
        policy = self.recipe.options.policy
        allowed = (*self.recipe.options.allowed, *(() if policy is None else policy.allow))
        for item in self._read(job, split):
            tally = tally_of(item)
            account.came.add(tally)
            account.licences.setdefault(licence_of(item.source.licence), Tally()).add(tally)
            if policy is not None and (against := policy_refusal(item, policy)) is not None:
                account.refused[item.id] = against[1]
                sink.leave_out(item, against[0])
            elif (reason := refusal(item.source.licence, item.weights, allowed)) is not None:
                sink.leave_out(item, reason)
            else:
                count_rights(item, account)
                yield item

    def _read(self, job: UnitJob, split: str) -> Iterator[Item]:
        import pyarrow as pa

        splits = self.recipe.options.splits
        try:
            yield from read_items(self.set, job.shard, self.format.reads, lambda recording: split_of(recording, splits) == split)
        except (OSError, pa.ArrowException) as error:
            raise UsageError(f"the shard cannot be read: {error}; duologue verify tells what is damaged") from error

    def _keep(self, job: UnitJob, split: str, sink: Sink) -> list[str]:
        """Store the parts of shared files; the names that were kept."""
        kept = []
        for name, file in sink.parts().items():
            with self.out.writing(part_name(job.index, split, name)) as path, path.open("wb") as target:
                shutil.copyfileobj(file, target)
            kept.append(part_name(job.index, split, name))
        sums = "".join(f"{digest}  {name}\n" for name, digest in sorted(sink.sums.items()))
        self.out.put(part_name(job.index, split, SUMS_PART), sums.encode())
        return [*kept, part_name(job.index, split, SUMS_PART)]


def split_of(recording: str, splits: tuple[tuple[str, float], ...]) -> str:
    """The split of a recording, by a hash of its id: rows cut from one recording stay together, and a grown set keeps its splits."""
    if not splits:
        return TRAIN
    digest = hashlib.blake2b(recording.encode(), digest_size=8, person=b"duologue-split").digest()
    point, upto = int.from_bytes(digest, "big") / 2**64, 0.0
    for name, share in splits:
        upto += share
        if point < upto:
            return name
    return TRAIN


def record_name(index: int) -> str:
    """Where the record of a finished unit lies."""
    return f"{PARTS}/{index:05d}.json"


def part_name(index: int, split: str, name: str) -> str:
    """Where one unit's part of a shared file lies. It ends in `.part`, for some trainers read every file of their suffix in a folder."""
    return f"{PARTS}/{index:05d}.{split}.{name.replace('/', '~')}.part"


def finished(out: Place, job: UnitJob) -> Account | None:
    """What a unit did, when it is done with equal data and options and its files are there."""
    data = out.get_or_none(record_name(job.index))
    if data is None:
        return None
    record = json.loads(data)
    if record["fingerprint"] != job.fingerprint or any(out.size(name) is None for name in record["parts"]):
        return None
    for name in record["parts"]:
        if name.endswith(f".{SUMS_PART}.part"):
            listed = [line.partition("  ")[2] for line in out.get(name).decode().splitlines()]
            if any(out.size(each) is None for each in listed):
                return None
    return account_of(record["account"])


def parts_of(out: Place, count: int) -> dict[str, list[str]]:
    """The part files of every shared file by its name, in the order of units and splits."""
    found: dict[str, list[str]] = {}
    for index in range(count):
        for part in json.loads(out.get(record_name(index)))["parts"]:
            name = part.rsplit("/", 1)[-1].split(".", 2)[2].removesuffix(".part").replace("~", "/")
            found.setdefault(name, []).append(part)
    return found
