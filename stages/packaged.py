"""Model files that ship inside installed packages: found without importing the package, and taken only if they are the pinned ones."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
from dataclasses import dataclass
from pathlib import Path

from schemas.errors import UsageError


@dataclass(frozen=True, slots=True)
class Carrier:
    """A package of one release that carries model files."""

    asker: str
    """Who needs it, at the head of messages: `vad: silero`."""
    module: str
    package: str
    """Its name in the package registry."""
    release: str

    @property
    def install(self) -> str:
        """The command that installs it."""
        return f"pip install '{self.package}=={self.release}'"

    def inside(self, file: str) -> Path:
        """Where a file of the package lies, there or not; raises `UsageError` when the package is not installed."""
        spec = importlib.util.find_spec(self.module)
        if spec is None or spec.origin is None:
            raise UsageError(f"{self.asker}: the models come in a package that is not installed: {self.install}")
        return Path(spec.origin).parent / file

    def pinned(self, file: str, sha256: str) -> Path:
        """The file with that SHA-256; raises `UsageError` with the command that brings it when there is none or another one."""
        path = self.inside(file)
        found = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "no such file"
        if found != sha256:
            raise UsageError(
                f"{self.asker}: {file} of the installed {self.package} {self.installed} is not the one of {self.release} "
                f"(SHA-256 {found[:12]}, wanted {sha256[:12]}): {self.install}"
            )
        return path

    @property
    def installed(self) -> str:
        """The release that is installed."""
        try:
            return importlib.metadata.version(self.package)
        except importlib.metadata.PackageNotFoundError:
            return "of unknown version"
