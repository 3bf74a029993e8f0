import ast
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from failures.runtime import fingerprint as module
from failures.runtime.fingerprint import EXCLUDED, SOURCE_ROOT, code_files, fingerprint, meaning

RUNTIME = SOURCE_ROOT / "failures/runtime"
SCRIPTS = sorted((SOURCE_ROOT / "scripts").glob("*.py"))
MODULES = [path for part in ("workflow/failures", "benchmarks") for path in (SOURCE_ROOT.parent / part).rglob("*.py")]

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


# Forms that look alike; each is a different program.
DISTINCT = """
x = 1
x = 1.0
x = True
x = "1"
x = b"1"
x = 1j
x = ...
x = None
x = -1
x = "None"
x: 1
x += 1
x == 1
x = y = 1
x, y = 1
f(a)
f(*a)
f(**a)
f(a=a)
{a}
{**a}
[*a]
lambda *, a: 0
lambda *, a=None: 0
lambda a, /: 0
lambda a: 0
lambda *a: 0
lambda **a: 0
a[1:]
a[:1]
a[::1]
a.b
a.c
a < b < c
(a < b) < c
not a
~a
del a
f"{a}"
f"{a!r}"
f"{a:1}"
f"{a:{b}}"
f"{a:{b}1}"
f"a"
a if b else c
a and b or c
a and (b or c)
[a for a in b]
{a for a in b}
(a for a in b)
[a for a in b if a]
{a: a for a in b}
(a := b)
import a
import a as b
import a.b
from a import b
from a import b as c
raise a
raise a from b
assert a
assert a, b
global a
return
return a
yield
yield from a
await a
""".strip().splitlines()


def test_different_programs_have_different_meanings():
    assert len({meaning(source) for source in DISTINCT}) == len(DISTINCT)


# Written out by hand: the text may depend neither on the version of Python nor on its Unicode tables.
WRITTEN_OUT = {
    "x = 0.10": "Assign(targets=[Name(id='x')], value=Constant(0.1))",
    "x: int": "AnnAssign(target=Name(id='x'), annotation=Name(id='int'), simple=1)",
    "x = u'é', '🫨', b'\\xe9', ..., None, True, 0x10, 1e400, 2j": (
        "Assign(targets=[Name(id='x')], value=Tuple(elts=[Constant('\\xe9'), Constant('\\U0001fae8'), "
        "Constant(b'\\xe9'), Constant(Ellipsis), Constant(None), Constant(True), Constant(16), Constant(inf), "
        "Constant(2j)]))"
    ),
    "f'{x:{width}}' f'' 'a' 'b'": (
        "Expr(value=JoinedStr([FormattedValue(value=Name(id='x'), conversion=-1, format_spec="
        "JoinedStr([FormattedValue(value=Name(id='width'), conversion=-1)])), Constant('ab')]))"
    ),
    "def f(a, *, b, c=None) -> int:\n    'Docstring.'": (
        "FunctionDef(name='f', args=arguments(args=[arg(arg='a')], kwonlyargs=[arg(arg='b'), arg(arg='c')], "
        "kw_defaults=[None, Constant(None)]), body=[Pass()], returns=Name(id='int'))"
    ),
    "@cache\nclass A(B, key=1):\n    x = {**y}": (
        "ClassDef(name='A', bases=[Name(id='B')], keywords=[keyword(arg='key', value=Constant(1))], "
        "body=[Assign(targets=[Name(id='x')], value=Dict(keys=[None], values=[Name(id='y')]))], "
        "decorator_list=[Name(id='cache')])"
    ),
    "async def f():\n    async with a as b:\n        return": (
        "AsyncFunctionDef(name='f', args=arguments(), body=[AsyncWith(items=[withitem("
        "context_expr=Name(id='a'), optional_vars=Name(id='b'))], body=[Return()])])"
    ),
    "match x:\n    case [1, *_] | {'a': None, **b}:\n        pass": (
        "Match(subject=Name(id='x'), cases=[match_case(pattern=MatchOr(patterns=[MatchSequence(patterns="
        "[MatchValue(value=Constant(1)), MatchStar()]), MatchMapping(keys=[Constant('a')], "
        "patterns=[MatchSingleton()], rest='b')]), body=[Pass()])])"
    ),
    "try:\n    x[1:]\nexcept* OSError as error:\n    raise": (
        "TryStar(body=[Expr(value=Subscript(value=Name(id='x'), slice=Slice(lower=Constant(1))))], "
        "handlers=[ExceptHandler(type=Name(id='OSError'), name='error', body=[Raise()])])"
    ),
    "for a, in [b for b in c if not d]:\n    continue": (
        "For(target=Tuple(elts=[Name(id='a')]), iter=ListComp(elt=Name(id='b'), generators=[comprehension("
        "target=Name(id='b'), iter=Name(id='c'), ifs=[UnaryOp(op=Not(), operand=Name(id='d'))], is_async=0)]), "
        "body=[Continue()])"
    ),
}


@pytest.mark.parametrize("source", WRITTEN_OUT)
def test_the_text_of_a_tree_is_written_out(source):
    assert meaning(source) == f"Module(body=[{WRITTEN_OUT[source]}])"


# Prints the hashes of texts and files (standard input) and the fingerprint of files, by the code of this checkout.
HASH = """
import hashlib, json, pathlib, sys
sys.path.insert(0, sys.argv[1])
from failures.runtime.fingerprint import fingerprint, meaning
texts, files = json.load(sys.stdin)
sources = texts + [pathlib.Path(file).read_text("utf-8") for file in files]
hashes = [hashlib.sha256(meaning(source).encode()).hexdigest() for source in sources]
json.dump([hashes, fingerprint(*map(pathlib.Path, files))], sys.stdout)
"""


def interpreters(minor):
    """Return the commands of this minor version of Python on the search path and in the folders of pyenv and uv."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    managed = [*pyenv.glob(f"3.{minor}.*/bin/python"), *(Path.home() / ".local/share/uv/python").glob("*/bin/python3")]
    commands = dict.fromkeys(str(path) for path in [shutil.which(f"python3.{minor}"), *managed] if path)
    version = ["-I", "-c", "import sys; print(*sys.version_info[:2])"]
    answers = ((path, subprocess.run([path, *version], capture_output=True, text=True)) for path in commands)
    return [path for path, answer in answers if answer.stdout.split() == ["3", str(minor)]]


@pytest.mark.parametrize("minor", [minor for minor in (11, 12, 13) if minor != sys.version_info.minor])
def test_other_pythons_compute_the_same(minor):
    files = [*MODULES, *SCRIPTS]
    texts = [*DISTINCT, *WRITTEN_OUT]
    sources = texts + [path.read_text("utf-8") for path in files]
    expected = [[hashlib.sha256(meaning(source).encode()).hexdigest() for source in sources], fingerprint(*files)]
    commands = interpreters(minor)
    if not commands:
        pytest.skip(f"no Python 3.{minor} on this machine")
    for command in commands:
        done = subprocess.run(
            [command, "-I", "-S", "-c", HASH, SOURCE_ROOT],
            input=json.dumps([texts, [str(path) for path in files]]),
            capture_output=True,
            text=True,
            check=True,
        )
        assert json.loads(done.stdout) == expected, command


def test_a_script_behind_a_link_has_the_same_fingerprint(tmp_path):
    (tmp_path / "link").symlink_to(SOURCE_ROOT)
    for script in SCRIPTS:
        assert fingerprint(tmp_path / "link/scripts" / script.name) == fingerprint(script)


def test_the_folder_of_a_file_outside_the_project_does_not_count(tmp_path):
    prints = set()
    for folders in ["ab", "ba"]:  # sorted by path, the files change places
        first, second = (tmp_path / folders / folder for folder in folders)
        for folder, text in [(first, "x = 1"), (second, "x = 2")]:
            folder.mkdir(parents=True)
            (folder / "layers.py").write_text(text)
        prints.add(fingerprint(first / "layers.py", second / "layers.py", "failures.packages"))
    assert len(prints) == 1


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package `failures`: figure imports style, training imports runtime.jobs; draw.py imports figure."""
    folder = tmp_path / "failures"
    (folder / "runtime").mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "style.py").write_text("WIDTH = 3\n")
    (folder / "figure.py").write_text("from failures.style import WIDTH\nimport numpy\n")
    (folder / "training.py").write_text("from failures.runtime.jobs import job\nSTEPS = 10\n")
    (folder / "runtime/jobs.py").write_text("import failures.runtime.provenance\n")
    (folder / "runtime/provenance.py").write_text("")
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


def test_imports_of_excluded_modules_are_not_followed(package):
    before = fingerprint("failures.training"), fingerprint("failures.runtime.jobs")
    for name in ("jobs", "provenance"):
        (package / f"runtime/{name}.py").write_text("TEXT = 'a message'\n")
    after = fingerprint("failures.training"), fingerprint("failures.runtime.jobs")
    assert after[0] == before[0]
    assert after[1] != before[1]  # named explicitly, it counts


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


@pytest.mark.parametrize("path", sorted(RUNTIME.glob("*.py")), ids=lambda path: path.stem)
def test_the_runtime_imports_only_itself_and_the_standard_library(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module] if isinstance(node, ast.ImportFrom) else []
        for name in names:
            assert name.split(".")[0] in sys.stdlib_module_names or name.startswith("failures.runtime"), name
        # Workers of the fork server drop the modules of this project that it imports (test_forkserver.py).
        dynamic = isinstance(node, ast.Name | ast.Attribute) and re.search(
            "import_module|resolve_name", ast.unparse(node)
        )
        assert not dynamic or path.stem == "forkserver"


def names(files):
    """Return the files of the package as paths in it."""
    return {path.relative_to(SOURCE_ROOT / "failures").as_posix() for path in files if path not in SCRIPTS}


def test_the_code_of_artifacts_is_apart_from_what_surrounds_it():
    """Only the report, which shows provenance records, depends on a module of the runtime; no artifact on a command."""
    inside = [path for path in MODULES if path.is_relative_to(SOURCE_ROOT / "failures")]
    code = [path for path in inside if path.parts[len(SOURCE_ROOT.parts) + 1] not in ("runtime", "commands")]
    assert len(code) > 100
    for path in [*code, *SCRIPTS]:
        outside = {name for name in names(code_files(path)) if name.startswith(("runtime/", "commands/"))}
        expected = {"runtime/provenance.py"} if path.stem in ("render", "gather") else set()
        assert outside - {"runtime/__init__.py"} == expected, path


def test_excluded_modules_exist_and_what_decides_bytes_is_covered():
    assert all((SOURCE_ROOT / f"{name.replace('.', '/')}.py").is_file() for name in EXCLUDED)
    covered = names(code_files(SOURCE_ROOT / "scripts/train.py", "failures.families.parity.training"))
    assert {"engine/tensorflow_setup.py", "engine/training.py", "artifacts/write.py"} <= covered
    assert "artifacts/style.py" in names(code_files(SOURCE_ROOT / "scripts/draw.py"))
    assert "artifacts/tables.py" in names(code_files("failures.families.parity.tables.fig1"))
