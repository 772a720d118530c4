"""torchaudio beside any build of torch: its compiled extension where that loads, a stand-in for it where it cannot.

The x86 wheel on PyPI is linked against CUDA, so beside a CPU-only torch `import torchaudio` fails, although resampling, filter banks and
most models need nothing compiled. Only `torchaudio._extension` loads native code at import; with a stand-in for that one module the
rest works, and what does need native code (forced alignment, `lfilter`'s fast path) says so or runs its Python version.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import os
import sys
from types import ModuleType
from typing import Any

from schemas.errors import UsageError

EXTENSION = "torchaudio._extension"
INSTALL = "pip install torch torchaudio"


def ensure_torchaudio() -> bool:
    """Import torchaudio into this process; True when its compiled extension is in use, False when the stand-in is.

    Call it before the first import of a library that imports torchaudio (pyannote.audio, transformers). The real extension is tried
    first, so a machine whose torch has CUDA keeps it; what a failed try leaves in `sys.modules` is removed. Calling again changes nothing.
    Raises `UsageError` with the command that installs what is missing.
    """
    if "torchaudio" not in sys.modules:
        if importlib.util.find_spec("torchaudio") is None:
            raise UsageError(f"torchaudio is not installed: {INSTALL}")
        try:
            importlib.import_module("torchaudio")
        except (ImportError, OSError, RuntimeError) as error:
            _forget()
            _import_beside(_stand_in(error), error)
    return not getattr(sys.modules[EXTENSION], "stands_in", False)


def _import_beside(extension: ModuleType, cause: Exception) -> None:
    sys.modules[EXTENSION] = extension
    try:
        importlib.import_module("torchaudio")
    except (ImportError, OSError, RuntimeError) as error:
        _forget()
        text = " ".join(str(error).split())
        raise UsageError(f"torchaudio cannot be imported, with its extension ({cause}) or without it ({text}): {INSTALL}") from error


def _forget() -> None:
    """Remove the modules that a broken import left behind: they hold no reference to each other that a second import would mend."""
    for name in [name for name in sys.modules if name == "torchaudio" or name.startswith("torchaudio.")]:
        del sys.modules[name]


def _stand_in(cause: Exception) -> ModuleType:
    """A module with the names that torchaudio reads from its extension, saying that nothing compiled is there."""
    spec = importlib.util.find_spec("torchaudio")
    assert spec is not None
    places = [os.path.join(place, "_extension") for place in spec.submodule_search_locations or ()]
    module: Any = ModuleType(EXTENSION)
    module.__path__ = places
    module.__spec__ = importlib.machinery.ModuleSpec(EXTENSION, None, is_package=True)
    module.__spec__.submodule_search_locations = places
    module.stands_in = True
    module._IS_TORCHAUDIO_EXT_AVAILABLE = False
    module._IS_ALIGN_AVAILABLE = False
    text = " ".join(str(cause).split())

    def fail_if_no_align(function: Any) -> Any:
        def missing(*args: Any, **kwargs: Any) -> Any:
            raise RuntimeError(f"{function.__name__} needs torchaudio's compiled extension, which does not load here: {text}")

        return missing

    def load_lib(lib: str) -> bool:
        return False

    module.fail_if_no_align = fail_if_no_align
    module._load_lib = load_lib
    module._check_cuda_version = lambda: None
    return module  # type: ignore[no-any-return]
