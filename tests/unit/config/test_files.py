"""The configuration files stay short and plain."""

import pytest
import yaml

from project import ROOT

FILES = [ROOT / "config.yaml", *sorted((ROOT / "config").glob("*/*.yaml"))]
FULL = [path for path in FILES if path.parent.name != "scales"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_has_no_anchor_no_alias_and_no_long_line(path):
    text = path.read_text()
    assert not [token for token in yaml.scan(text) if isinstance(token, yaml.AnchorToken | yaml.AliasToken)]
    assert not [line for line in text.splitlines() if len(line) > 120]


def test_the_paper_s_scale_fits_on_a_few_pages():
    lengths = {path.name: len(path.read_text().splitlines()) for path in FULL}
    assert lengths["config.yaml"] < 60
    assert sum(lengths.values()) <= 300
