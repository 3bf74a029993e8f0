"""Writers of tables and models that produce the same bytes for the same content."""

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
    """Write a table as CSV or Parquet, as the suffix of the path requires.

    CSV files have 15 significant digits, enough to preserve every decimal that was read from a CSV file.

    Args:
        table: The table; its index is not written.
        path: File with the suffix .csv or .parquet.

    Raises:
        ValueError: If the path has another suffix.
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
    """Save a Keras model in the `.keras` format, with the same bytes every time.

    Keras records the time of saving and identifies shared objects by their memory address. Here the date is fixed and
    shared objects are numbered 1, 2, .... The file loads as any other `.keras` file.

    Args:
        model: A Keras model.
        path: File with the suffix .keras.
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
    """Return a JSON value of a saved model with a fixed date and numbered shared objects."""
    if isinstance(value, list):
        return [_timeless(item, names) for item in value]
    if not isinstance(value, dict):
        return value
    fixed = {
        "date_saved": lambda date: "{}-{:02}-{:02}@{:02}:{:02}:{:02}".format(*_FIXED_DATE),
        "shared_object_id": lambda address: names.setdefault(address, len(names) + 1),
    }
    return {key: fixed[key](item) if key in fixed else _timeless(item, names) for key, item in value.items()}
