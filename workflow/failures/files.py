"""Writing artifacts: whole or not at all, with the same bytes for the same content."""

from __future__ import annotations

import errno
import json
import os
import platform
import re
import shutil
import uuid
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pandas as pd

# The earliest date that a zip archive can hold.
_FIXED_DATE = (1980, 1, 1, 0, 0, 0)


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


def write_table(table: pd.DataFrame, path: str | Path) -> None:
    """Write a table as CSV (15 significant digits: enough for every decimal that was read) or Parquet.

    The suffix of `path` decides; ValueError for another one.
    """
    with atomic(path) as private:
        match Path(path).suffix:
            case ".csv":
                table.to_csv(private, index=False, float_format="%.15g", lineterminator="\n")
            case ".parquet":
                table.to_parquet(private, index=False, compression="zstd")
            case suffix:
                raise ValueError(f"{path}: unsupported table suffix {suffix!r}; use .csv or .parquet")


def save_model(model, path: str | Path) -> None:
    """Save a Keras model in Keras' own format, with the same bytes every time.

    Keras stamps the archive with the time of saving and names shared objects by their address in
    memory; here dates are fixed and names are 1, 2, .... The file loads as any other `.keras` file.
    """
    with atomic(path) as private:
        dated = private.with_name(f"{private.stem}.dated.keras")
        try:
            model.save(dated)
            with zipfile.ZipFile(dated) as source, zipfile.ZipFile(private, "w") as target:
                for name in sorted(source.namelist()):
                    content = source.read(name)
                    if name.endswith(".json"):
                        content = json.dumps(_timeless(json.loads(content), {})).encode()
                    target.writestr(zipfile.ZipInfo(name, _FIXED_DATE), content)
        finally:
            dated.unlink(missing_ok=True)


def _timeless(value: Any, names: dict[int, int]) -> Any:
    """A JSON value of a saved model with the date fixed and shared objects numbered as they come."""
    if isinstance(value, list):
        return [_timeless(item, names) for item in value]
    if not isinstance(value, dict):
        return value
    fixed = {
        "date_saved": lambda date: "{}-{:02}-{:02}@{:02}:{:02}:{:02}".format(*_FIXED_DATE),
        "shared_object_id": lambda address: names.setdefault(address, len(names) + 1),
    }
    return {key: fixed[key](item) if key in fixed else _timeless(item, names) for key, item in value.items()}
