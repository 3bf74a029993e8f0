"""Files that appear whole or not at all."""

from __future__ import annotations

import errno
import os
import platform
import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def atomic(path: str | Path) -> Iterator[Path]:
    """Yield a private path beside `path` that becomes `path` if the block ends without an error.

    The private path may be made a file or a folder; either is removed on an error. A reader of
    `path` sees the old content or the new, never a part of it, even if two jobs write it at once.
    The suffix of `path` is kept.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    owner = f"{platform.node()}-{os.getpid()}"
    private, old = (path.with_name(f".{owner}-{uuid.uuid4().hex}.{path.name}") for _ in range(2))
    try:
        yield private
        while True:
            try:
                os.replace(private, path)
                break
            except OSError as error:
                # A folder gives way to nothing but an empty one.
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR, errno.EISDIR):
                    raise
                with suppress(FileNotFoundError):
                    os.replace(path, old)
                remove(old)
    finally:
        remove(private)


def remove(path: Path) -> None:
    """Remove a file or a folder with all that is in it; nothing happens if there is none."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def abandoned(path: Path) -> list[Path]:
    """Private paths beside `path` of processes of this machine that ended without removing them (SIGKILL)."""
    mine = re.compile(rf"\.{re.escape(platform.node())}-(\d+)-[0-9a-f]{{32}}\.{re.escape(path.name)}")
    found = [(mine.fullmatch(other.name), other) for other in path.parent.glob(f".*.{path.name}")]
    return [other for match, other in found if match and not _alive(int(match[1]))]


def _alive(process: int) -> bool:
    """Whether there is a process of this number on this machine."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
