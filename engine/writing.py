"""Write a file wholly or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from foedus.problems import FoedusError


class Exists(FoedusError):
    """There is a file already, or no place for one."""


def may_write(path: Path, *, force: bool = False) -> None:
    """Refuse a place where there is a file that may not be replaced.

    Raises:
        Exists: There is a file, and it may not be replaced; or there is no folder to write into.
    """
    if path.is_dir():
        raise Exists(f"{path} is a folder, not a file")
    if not path.parent.is_dir():
        raise Exists(f"there is no folder {path.parent} to write {path.name} into")
    if path.exists() and not path.is_file():
        raise Exists(f"{path} is no ordinary file")
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
    path = path.resolve()  # a link stays, and what it leads to is written
    may_write(path, force=force)
    mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o666 & ~_umask()
    handle, name = tempfile.mkstemp(prefix=".foedus.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(name, mode)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
