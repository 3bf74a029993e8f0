"""Between machines the last digits differ, and what training makes of them; nothing else."""

import pandas as pd
import pytest

from project import ROOT

# The tests' tables from another machine.
REFERENCE = ROOT / "tests/faults/reference"
TABLES = sorted(path.stem for path in REFERENCE.glob("*.csv"))
# Largest relative difference that a table may have, where it is not the usual one.
USUAL = 1e-4
TOLERANCES = {}


@pytest.mark.parametrize("name", TABLES)
def test_tables_are_those_of_another_machine_within_a_tolerance(finished, name):
    table = pd.read_csv(finished.folder / f"results/test/tables/{name}.csv")
    expected = pd.read_csv(REFERENCE / f"{name}.csv")
    pd.testing.assert_frame_equal(table, expected, rtol=TOLERANCES.get(name, USUAL), atol=1e-6, check_dtype=False)


def test_every_table_of_numbers_has_a_reference(finished):
    made = {path.stem for path in (finished.folder / "results/test/tables").glob("*.csv")}
    assert {name for name in made if not name.startswith("costs")} - {"claims", "published"} == set(TABLES)
