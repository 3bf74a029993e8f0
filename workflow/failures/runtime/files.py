"""Write files and folders atomically: readers see the old or the new content, never a part of it."""

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
    """Yield a private path beside `path`, which replaces `path` if the block ends without an error.

    The block may create a file or a folder at the private path; on an error, it is removed. Two jobs may write the same
    path at once.

    Args:
        path: Path of the file or folder to write; its parent folder is created.

    Yields:
        The private path, with the suffix of `path`.
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
                # A folder can be replaced only if it is empty.
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR, errno.EISDIR):
                    raise
                with suppress(FileNotFoundError):
                    os.replace(path, old)
                remove(old)
    finally:
        remove(private)


def remove(path: Path) -> None:
    """Remove a file, or a folder with its content; do nothing if the path does not exist.

    Args:
        path: Path of a file, folder or symbolic link.
    """
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def abandoned(path: Path) -> list[Path]:
    """Return the private paths of `path` that ended processes of this host left behind, for example after SIGKILL.

    Args:
        path: Path that was passed to `atomic`.
    """
    pattern = re.compile(rf"\.{re.escape(platform.node())}-(\d+)-[0-9a-f]{{32}}\.{re.escape(path.name)}")
    matches = [(pattern.fullmatch(other.name), other) for other in path.parent.glob(f".*.{path.name}")]
    return [other for match, other in matches if match and not _alive(int(match[1]))]


def _alive(process: int) -> bool:
    """Return whether a process with this ID runs on this host."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
