"""Writing tables and models, with the same bytes for the same content."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd

from failures.runtime.files import atomic

# The earliest date that a zip archive can hold.
_FIXED_DATE = (1980, 1, 1, 0, 0, 0)


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
