#!/usr/bin/env bash
# Guess:   `pip config list` prints all settings of pip: its files and the variables PIP_*.
# Truth:   the settings apply to `pip config` itself. After PIP_USER=1 (or `user = true` in a file), it means
#          `pip config --user list`, and leaves out the file of PIP_CONFIG_FILE. After PIP_QUIET=1 it prints nothing.
#          An installation, by contrast, uses every setting.
# Seen:    pip 24.2 and 26.0: no `index-url` in the list.
# Bites:   scripts that ask pip for the address of the package index, to pass it on to another program.
# Instead: run `pip config list` without the variables PIP_USER and PIP_QUIET.
# Needs:   python3 with venv. Exit 0: still so. Exit 1: the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
printf '[global]\nindex-url = https://index.example/simple\n' >settings
for version in 24.2 26.0; do
    python3 -m venv --clear venv
    venv/bin/pip install --quiet --disable-pip-version-check pip==$version
    list() { env -u PIP_USER -u PIP_QUIET HOME="$work" PIP_CONFIG_FILE="$work/settings" "$@" venv/bin/pip config list; }
    echo "pip $version, plain: $(list | grep -c index-url) line with the index"
    list | grep -q index.example
    echo "pip $version, PIP_USER=1: $(list PIP_USER=1 | grep -c index.example || true) lines; PIP_QUIET=1: $(list PIP_QUIET=1 | grep -c index.example || true) lines"
    ! list PIP_USER=1 | grep -q index.example
    ! list PIP_QUIET=1 | grep -q index.example
done
