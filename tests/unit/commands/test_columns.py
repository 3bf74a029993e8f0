import re
from pathlib import Path

import pandas as pd
import pytest

from failures.commands.columns import MARKER, README, document, read, section_of, sections

REFERENCE = Path(__file__).parents[2] / "faults/reference"

MODULE = '''
"""Signal of networks.

It is the square of a mean.

Columns of gradients/KIND/initial/LEARNER.csv, gradients/KIND/all.csv:
    seed, step
    signal, noise: unbiased
        estimates | of <v, x>

Kinds:
    one: `<b>`

Metrics:
    loss: the loss
"""
'''


def test_results_readme_is_up_to_date():
    assert README.read_text() == document(README.read_text()), "results/README.md is out of date: run `make reference`"


def test_a_page_without_the_marker_is_refused():
    with pytest.raises(ValueError, match="missing line"):
        document("# Results\n")


def test_text_above_the_marker_is_kept():
    page = document(f"# Mine\n\n{MARKER}\nold\n")
    assert page.startswith(f"# Mine\n\n{MARKER}\n\n### Shared columns\n")
    assert "old" not in page.splitlines()


def test_a_docstring_is_read():
    columns, metrics = read(Path("signal.py"), MODULE)
    assert (columns.kind, columns.summary) == ("Columns", "")
    assert columns.texts == {"seed, step": "", "signal, noise": "unbiased estimates | of <v, x>"}
    assert columns.names == ["seed", "step", "signal", "noise"]
    assert columns.notes == ("Kinds:\n- `one`: `<b>`",)
    assert columns.describes("gradients/lines/initial/relu.csv")
    assert columns.describes("gradients/lines/all.csv")
    assert not columns.describes("gradients/lines/initial/a/relu.csv")
    assert not columns.describes("gradients/lines/allxcsv")
    assert (metrics.kind, metrics.texts) == ("Metrics", {"loss": "the loss"})


def test_a_module_of_a_table_describes_the_table_of_its_name():
    source = MODULE.replace(" of gradients/KIND/initial/LEARNER.csv, gradients/KIND/all.csv", "")
    columns, _ = read(Path("signal.py"), source)
    assert (columns.subject, columns.summary) == (
        "tables/signal.csv",
        "Signal of networks. It is the square of a mean.",
    )


def test_a_name_that_is_described_twice_is_refused():
    with pytest.raises(ValueError, match=r"signal\.py: section 'Metrics:' describes a name twice"):
        list(read(Path("signal.py"), MODULE.replace("loss: the", "loss, loss: the")))


def test_a_file_that_no_module_describes_is_refused():
    with pytest.raises(ValueError, match=r"tables/mine\.csv: 0 modules describe its columns, expected 1"):
        section_of("tables/mine.csv")


def test_every_name_without_a_text_is_a_shared_column():
    (shared,) = (section for section in sections() if section.kind == "Shared columns")
    bare = {
        name
        for section in sections()
        for names, text in section.texts.items()
        if not text
        for name in names.split(", ")
    }
    assert bare == set(shared.names)


def test_files_that_texts_name_are_described():
    named = {
        path for section in sections() for text in section.texts.values() for path in re.findall(r"`(\S+?/\S+)`", text)
    }
    for path in named - {"logs/"}:
        assert any(subject.startswith(path) for section in sections() for subject in section.subject.split(", ")), path


@pytest.mark.parametrize("name", sorted(path.stem for path in REFERENCE.glob("*.csv")))
def test_the_columns_of_a_table_are_those_described(name):
    columns = pd.read_csv(REFERENCE / f"{name}.csv", nrows=0).columns
    assert set(columns) == set(section_of(f"tables/{name}.csv").names)
