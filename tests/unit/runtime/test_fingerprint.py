import pytest

from failures.runtime import fingerprint as module
from failures.runtime.fingerprint import fingerprint, meaning

SOURCE = '''
"""Docstring."""
import numpy as np


def area(radius):
    """What it is."""
    # why it is so
    return np.pi * radius**2
'''


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"""Docstring."""', '"""Another."""'),
        ('"""What it is."""\n', "\n"),
        ("# why it is so", "# because"),
        ("np.pi * radius**2", "np.pi*radius ** 2"),
        ("radius**2", "(\n        radius**2\n    )"),
    ],
)
def test_wording_and_layout_do_not_count(old, new):
    assert old in SOURCE
    assert meaning(SOURCE.replace(old, new)) == meaning(SOURCE)


@pytest.mark.parametrize(("old", "new"), [("**2", "**3"), ("radius", "r"), ("np", "numpy"), ("return", "yield")])
def test_meaning_counts(old, new):
    assert meaning(SOURCE.replace(old, new)) != meaning(SOURCE)


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package `failures` of three modules: figure -> style, training -> (nothing)."""
    folder = tmp_path / "failures"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "style.py").write_text("WIDTH = 3\n")
    (folder / "figure.py").write_text("from failures.style import WIDTH\nimport numpy\n")
    (folder / "training.py").write_text("STEPS = 10\n")
    (tmp_path / "draw.py").write_text("import failures.figure\n")
    monkeypatch.setattr(module, "SOURCE_ROOT", tmp_path)
    return folder


def test_a_change_reaches_what_imports_it_and_nothing_else(package):
    script = package.parent / "draw.py"
    before = fingerprint(script), fingerprint("failures.training")
    (package / "style.py").write_text("WIDTH = 4\n")
    after = fingerprint(script), fingerprint("failures.training")
    assert after[0] != before[0]
    assert after[1] == before[1]


PLACES = [
    "def draw():\n    {}\n",
    "class Figure:\n    async def draw(self):\n        with self:\n            {}\n",
    "try:\n    pass\nexcept* OSError:\n    {}\n",
    "try:\n    pass\nfinally:\n    {}\n",
    "for one in ():\n    pass\nelse:\n    {}\n",
    "while False:\n    match 1:\n        case 1:\n            {}\n",
    "if 1:\n    pass\nelif 2:\n    {}\n",
]


@pytest.mark.parametrize("place", PLACES)
def test_every_form_of_import_is_followed_wherever_it_stands(package, place):
    for form in ["import failures.style", "from failures import style", "from failures.style import WIDTH"]:
        (package / "figure.py").write_text(place.format(form))
        (package / "style.py").write_text("WIDTH = 3\n")
        before = fingerprint("failures.figure")
        (package / "style.py").write_text("WIDTH = 4\n")
        assert fingerprint("failures.figure") != before, form


def test_an_unknown_module_and_a_relative_import_are_errors(package):
    with pytest.raises(FileNotFoundError, match=r"failures\.nothing"):
        fingerprint("failures.nothing")
    (package / "figure.py").write_text("from .style import WIDTH\n")
    with pytest.raises(ValueError, match=r"figure\.py:1"):
        fingerprint("failures.figure")
