#!/usr/bin/env bash
# Build a virtual environment from a lock file. Usage: [PYTHON=/path/to/python3] setup.sh VENV LOCK
set -euo pipefail
venv=$1 lock=$2

find_python() {
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    echo "No Python 3.11 to 3.13 found: install one (Debian, Ubuntu: apt-get install python3 python3-venv) or give its path: make PYTHON=/path/to/python3" >&2
    exit 1
}

python=$(find_python)
if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
    echo "$python cannot make virtual environments: install venv (Debian, Ubuntu: apt-get install python3-venv)" >&2
    exit 1
fi
echo "Setting up $venv from $lock with $("$python" --version); this takes a few minutes, once."
rm -f "$venv/.ready"
"$python" -m venv "$venv"
# pip processes packages sequentially. Four pip processes at once take a third less time.
install() {
    awk -v part="$1" '/^[a-z]/ { n++ } n % 4 == part' "$lock" |
        "$venv/bin/pip" install --quiet --disable-pip-version-check --no-compile --require-hashes --no-deps -r /dev/stdin
}
jobs=()
for part in 0 1 2 3; do
    install "$part" &
    jobs+=($!)
done
failed=0
for job in "${jobs[@]}"; do
    wait "$job" || failed=1
done
[ "$failed" = 0 ]
# Importing TensorFlow takes 15 s without bytecode and 6 s with it.
env -u PYTHONDONTWRITEBYTECODE "$venv/bin/python" -m compileall -q -j 0 "$venv/lib" >/dev/null || true
touch "$venv/.ready"
