import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

from failures.artifacts.write import save_model, write_table
from failures.runtime.files import atomic


def _write_half(path):
    path.write_text("half")
    raise RuntimeError


def test_an_error_leaves_the_old_content_and_no_litter(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("old")
    with pytest.raises(RuntimeError), atomic(path) as private:
        _write_half(private)
    assert path.read_text() == "old"
    assert [child.name for child in tmp_path.iterdir()] == ["table.csv"]


def test_a_folder_is_replaced_as_a_whole(tmp_path):
    path = tmp_path / "models"
    for name in ("first", "second"):
        with atomic(path) as private:
            private.mkdir()
            (private / name).write_text(name)
    assert [child.name for child in path.iterdir()] == ["second"]


def test_two_that_write_the_same_folder_leave_one_of_theirs(tmp_path):
    path = tmp_path / "models"

    def write(name):
        for _ in range(100):
            with atomic(path) as private:
                private.mkdir()
                for part in ("a", "b"):
                    (private / part).write_text(name)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(write, ["first", "second", "third"]))
    assert [child.name for child in tmp_path.iterdir()] == ["models"]
    assert len({(path / part).read_text() for part in ("a", "b")}) == 1


def test_a_file_may_take_the_place_of_a_folder_and_the_other_way_round(tmp_path):
    path = tmp_path / "artifact"
    for write in (Path.mkdir, Path.touch, Path.mkdir):
        with atomic(path) as private:
            write(private)
    assert path.is_dir()
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_tables_keep_their_values_and_bytes(tmp_path, suffix):
    table = pd.DataFrame({"step": [0, 100], "value": [1 / 3, 1e-9], "name": ["a", "b"]})
    for name in ("one", "two"):
        write_table(table, (tmp_path / name).with_suffix(suffix))
    one, two = ((tmp_path / name).with_suffix(suffix) for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()
    read = pd.read_csv(one) if suffix == ".csv" else pd.read_parquet(one)
    pd.testing.assert_frame_equal(read, table, rtol=1e-14)


def test_other_suffixes_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"\.xlsx"):
        write_table(pd.DataFrame(), tmp_path / "table.xlsx")
    assert list(tmp_path.iterdir()) == []


def _model():
    layer = keras.layers.Dense(3, "relu", kernel_initializer="ones", name="shared")
    inputs = keras.Input((3,), name="inputs")
    return keras.Model(inputs, layer(layer(inputs)), name="learner")


def test_saved_models_have_fixed_bytes_and_load_in_safe_mode(tmp_path, monkeypatch):
    save_model(_model(), tmp_path / "one.keras")
    elsewhere = [_model() for _ in range(3)]  # objects at other addresses
    with monkeypatch.context() as context:
        context.setattr("time.time", lambda: 2e9)
        save_model(elsewhere[-1], tmp_path / "two.keras")
    assert (tmp_path / "one.keras").read_bytes() == (tmp_path / "two.keras").read_bytes()
    assert all(entry.date_time[0] == 1980 for entry in zipfile.ZipFile(tmp_path / "one.keras").infolist())
    loaded = keras.models.load_model(tmp_path / "one.keras", safe_mode=True)
    inputs = np.ones((4, 3), "float32")
    np.testing.assert_array_equal(loaded(inputs), elsewhere[0](inputs))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.keras", "two.keras"]
