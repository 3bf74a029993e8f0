"""Reading of one configuration file: every broken one is refused with one line that names the file and the line."""

import pytest

from failures.config.files import read_yaml
from failures.config.types import ConfigError

BROKEN = {
    "duplicate key": (b"a: 1\nb: 2\na: 3\n", ", line 3: duplicate key 'a'; keep one of them"),
    "duplicate key inside": (b"a:\n  b: 1\n  b: 2\n", ", line 3: duplicate key 'a.b'"),
    "duplicate key inside a list": (b"a:\n- {b: 1,\n   b: 2}\n", ", line 3: duplicate key 'a.0.b'"),
    "no end of a list": (b"a: [1\nb: 2\n", ", line 2: "),
    "list": (b"- a\n- b\n", ": must be a mapping of keys to values"),
    "text": (b"scale\n", ": must be a mapping of keys to values"),
    "tag": (b"a: !!python/object/apply:os.system ['true']\n", ", line 1: unknown tag !!python/object/apply:os.system"),
    "anchor of another file": (
        b"a: 1\nb: *relu\n",
        ", line 2: alias '*relu' has no anchor in this file; anchors do not",
    ),
    "merged anchor of another file": (b"a: {<<: *base, b: 1}\n", ", line 1: alias '*base' has no anchor in this file"),
    "anchor in itself": (b"a: &x\n  b: *x\n", ", line 1: the value of 'a.b' contains itself"),
    "anchor in its list": (b"a: &x [1, *x]\n", ", line 1: the value of 'a.1' contains itself"),
    "tab": (b"a:\n\tb: 1\n", ", line 2: tab; indent with spaces"),
    "two documents": (b"a: 1\n---\nb: 2\n", ", line 2: second document"),
    "key of several words": (b"? [a, b]\n: 1\n", ", line 1: a key must be a single word"),
    "merge of a number": (b"a: 1\n<<: 3\n", ", line 2: "),
    "control character": (b"a: 1\nb: \x00\n", ", line 2: control characters are not allowed"),
    "Latin-1": (b"a: 1\nb: t\xe9st\n", ", line 2: byte 0xe9 is not UTF-8; save the file as UTF-8"),
    "UTF-16": ("a: 1\n".encode("utf-16"), ", line 1: byte 0xff is not UTF-8"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_is_refused_with_one_line(tmp_path, case):
    content, words = BROKEN[case]
    path = tmp_path / "mine.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        read_yaml(path)
    assert str(caught.value).startswith(f"{path}{words}")
    assert "\n" not in str(caught.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    (tmp_path / "mine.yaml").write_text("a: 1\n")
    with pytest.raises(ConfigError, match=r"mime\.yaml: no such file; did you mean '.*mine\.yaml'\?$"):
        read_yaml(tmp_path / "mime.yaml")
    with pytest.raises(ConfigError, match=r"missing/mine\.yaml: no such file$"):
        read_yaml(tmp_path / "missing/mine.yaml")
    with pytest.raises(ConfigError, match="is a folder; give a file in it"):
        read_yaml(tmp_path)

    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.read_bytes", refuse)  # root may read every file
    with pytest.raises(ConfigError, match="cannot be read: Permission denied"):
        read_yaml(tmp_path / "mine.yaml")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", {}),
        (b"# a: 1\n", {}),
        (b"\xef\xbb\xbfa: 1\n", {"a": 1}),
        (b"a: 1\r\nb: {c: 2}\r\n", {"a": 1, "b": {"c": 2}}),
        (b'{"a": [1, null]}', {"a": [1, None]}),
        (b"x: &x {b: 1}\na: {<<: *x, c: 2}\n", {"x": {"b": 1}, "a": {"b": 1, "c": 2}}),
    ],
)
def test_a_file_is_a_mapping(tmp_path, content, expected):
    path = tmp_path / "mine.yaml"
    path.write_bytes(content)
    assert read_yaml(path) == expected


def test_many_aliases_are_checked_once(tmp_path):
    path = tmp_path / "mine.yaml"
    levels = [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]" for level in range(1, 12)]
    path.write_text("a0: &a0 [x]\n" + "\n".join(levels))
    assert len(read_yaml(path)) == 12
