"""Write a file wholly or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from foedus.problems import FoedusError


class Exists(FoedusError):
    """There is a file already."""


def may_write(path: Path, *, force: bool = False) -> None:
    """Refuse a place where there is a file that may not be replaced.

    Raises:
        Exists: There is a file, and it may not be replaced.
    """
    if path.exists() and not force:
        raise Exists(f"{path} is there already (--force replaces it)")


def write_file(path: Path, text: str, *, force: bool = False) -> None:
    """Write a text file: to a temporary file beside it, which then takes its name.

    Args:
        path: Where to.
        text: What; lines end as they stand.
        force: Whether a file that is there may be replaced.

    Raises:
        Exists: There is a file, and it may not be replaced.
        OSError: The file cannot be written; what was there before is untouched.
    """
    may_write(path, force=force)
    handle, name = tempfile.mkstemp(prefix=".foedus.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
