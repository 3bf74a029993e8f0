"""How Snakemake may be started: limits, paths, storage and shared file systems."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from failures.config.launch import SHARED, check_directory, check_limits, check_path, check_storage
from failures.config.types import ConfigError

# Characters of shells, format strings, wildcards and make that work; test_launch.py in tests/workflow tries some.
WORKS = "$'\"#%&;*?[]\\~()!|<>`=@,+^-.é"


@pytest.mark.parametrize("character", WORKS)
def test_a_path_with_a_character_of_shells_or_wildcards_works(character):
    check_path(Path(f"/home/{character}a{character}"))
    with pytest.raises(ConfigError, match="contains ':'"):
        check_path(Path(f"/home/{character}a:{character}"))


def test_a_working_directory_may_have_all_characters_of_utf_8():
    check_directory(Path(f"/home/a {{b}}:\t{WORKS}"))
    with pytest.raises(ConfigError, match=r"contains '\\udcff'.*choose another with --directory FOLDER$"):
        check_directory(Path("/home/a\udcff"))


@pytest.mark.parametrize("character", [" ", "\t", "\n", "{", "}", ":", "\udcff"])
def test_a_path_that_cannot_work_is_refused_with_one_line(character):
    with pytest.raises(ConfigError) as error:
        check_path(Path(f"/home/a{character}b/project"))
    message = str(error.value)
    assert len(message.encode().splitlines()) == 1
    assert f"contains {character!r}" in message
    assert message.endswith("; move the project folder")


def test_a_shared_file_system_is_accepted():
    check_storage(None, [*SHARED, "source-cache"])
    check_storage(None, SHARED)
    with pytest.raises(ConfigError, match=r"^--shared-fs-usage lacks "):
        check_storage(None, ["source-cache"])


def test_a_storage_provider_is_refused():
    with pytest.raises(ConfigError, match=r"^--default-storage-provider fs is not supported: .*leave the option out$"):
        check_storage("fs", SHARED)


@pytest.mark.parametrize("missing", SHARED)
def test_what_nodes_must_share_is_named(missing):
    with pytest.raises(ConfigError, match=f"^--shared-fs-usage lacks {missing}: "):
        check_storage(None, [usage for usage in SHARED if usage != missing])


@pytest.mark.parametrize(
    ("name", "option"),
    [("cores", "--cores"), ("nodes", "--jobs"), ("local_cores", "--local-cores"), ("max_threads", "--max-threads")],
)
@pytest.mark.parametrize("value", [0, -1])
def test_limits_are_positive(name, option, value):
    settings = {"cores": 2, "nodes": None, "local_cores": None, "max_threads": None}
    check_limits(SimpleNamespace(**settings))
    with pytest.raises(ValueError, match=f"^{option} {value}: must be a whole number of at least 1"):
        check_limits(SimpleNamespace(**settings | {name: value}))
