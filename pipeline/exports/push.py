"""An export for the hub, to the hub: in small commits that resume, the card last."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.exports.format import SUMS
from schemas.errors import UsageError

FILES_A_COMMIT = 50
LAST = ("README.md", SUMS, "export.json")
"""Files that say what is there, and so come when it is."""


def push(folder: str, repo: str, public: bool = False, token: str | None = None) -> dict[str, Any]:
    """Upload a finished export to the data set `repo` (`owner/name`), made private unless told otherwise; what is there already stays.

    Where shards of another export are there, nothing is uploaded, for the card's patterns would count them in. The token is the one that
    `hf auth login` stored, unless one is given; the hub is the library's own (`HF_ENDPOINT`). Raises `UsageError` when the folder is no
    finished export, or when the hub says no.
    """
    from huggingface_hub import CommitOperationAdd, HfApi
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    root = Path(folder)
    if not (root / "export.json").is_file():
        raise UsageError(f"{folder}: no export.json, so this is no finished export on a local disk; export it first")
    listed = [line.split("  ", 1) for line in (root / SUMS).read_text(encoding="utf-8").splitlines()]
    api = HfApi(token=token)
    try:
        made = api.create_repo(repo, repo_type="dataset", private=not public, exist_ok=True)
        there = _there(api, repo)
        _refuse_others(repo, set(there) - {name for _, name in listed})
        wanted = [name for digest, name in listed if name not in LAST and there.get(name) != digest]
        batches = [wanted[start : start + FILES_A_COMMIT] for start in range(0, len(wanted), FILES_A_COMMIT)]
        batches.append([name for name in LAST if (root / name).is_file()])
        for names in batches:
            adds = [CommitOperationAdd(path_in_repo=name, path_or_fileobj=root / name) for name in names]
            api.create_commit(repo, adds, commit_message=f"Add {len(names)} files", repo_type="dataset")
    except (HfHubHTTPError, HFValidationError, OSError) as error:
        raise UsageError(f"{repo}: the hub did not take it: {error}; the same command goes on from here") from error
    return {"url": str(made), "uploaded": sum(len(names) for names in batches), "kept": len(listed) - len(wanted) - 1}


def _there(api: Any, repo: str) -> dict[str, str]:
    """The files that the repository holds, with the SHA-256 of each large one."""
    files = api.list_repo_tree(repo, repo_type="dataset", recursive=True)
    return {file.path: file.lfs.sha256 if getattr(file, "lfs", None) is not None else "" for file in files}


def _refuse_others(repo: str, others: set[str]) -> None:
    strange = sorted(name for name in others if name.startswith("data/") and name.endswith(".parquet"))
    if strange:
        raise UsageError(f"{repo}: holds {strange[0]}, which is not of this export; delete it there, or name another data set")
