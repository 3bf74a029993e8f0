"""docs/notebook.ipynb runs from its first cell to its last on the results of a finished run."""

import nbformat
import pytest
from nbclient import NotebookClient

from project import ROOT

PATH = ROOT / "docs/notebook.ipynb"
DEFAULT = 'RESULTS = "../results"'


@pytest.fixture
def notebook():
    return nbformat.read(PATH, as_version=4)


def test_it_is_stored_without_outputs_and_reads_the_default_folder(notebook):
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.source.count(DEFAULT) for cell in code] == [1] + [0] * (len(code) - 1)
    assert not any(cell.outputs or cell.execution_count for cell in code)


def test_it_runs(small, notebook):
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    code[0].source = code[0].source.replace(DEFAULT, f"RESULTS = {str(small.results)!r}")
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(PATH.parent)}}).execute()
    table, figure, runs, model, accuracy = (cell.outputs for cell in code[1:])
    assert "accuracy_median" in table[-1].data["text/plain"]
    assert "image/png" in figure[-1].data
    assert "seed_1" in runs[-1].data["text/plain"]
    assert "Dense" in "".join(output.get("text", "") or str(output.get("data")) for output in model)
    assert "".join(output.text for output in accuracy if output.get("name") == "stdout") == (
        "exact 1.000, in the table 1.000\n"
    )
