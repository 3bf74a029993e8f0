#!/usr/bin/env bash
# Build a virtual environment from a lock file. Usage: [PYTHON=/path/to/python3] setup.sh VENV LOCK
set -euo pipefail
builder=${BASH_SOURCE[0]%setup.sh}build.py
candidates=(python3 python3.13 python3.12 python3.11)
[ -z "${PYTHON:-}" ] || candidates=("$PYTHON")

# Print why an interpreter cannot be used; nothing if it can.
probe() {
    command -v "$1" >/dev/null || { echo "was not found" && return; }
    local version
    version=$("$1" -E --version 2>&1 | head -n 1) || true
    case $version in
    "Python 3.11."* | "Python 3.12."* | "Python 3.13."*) "$1" -I "$builder" --probe 2>&1 | tail -n 1 || true ;;
    "Python "*) echo "is $version" ;;
    *) echo "does not start: ${version:-no output}" ;;
    esac
}

refused=()
for candidate in "${candidates[@]}"; do
    reason=$(probe "$candidate")
    [ -n "$reason" ] || exec "$candidate" -I "$builder" "$@"
    refused+=("$candidate $reason")
done
printf -v list '; %s' "${refused[@]}"
echo "No Python 3.11 to 3.13 that can build the environment: ${list:2}. Install one (Debian, Ubuntu: apt-get install python3 python3-venv) or give its path: make PYTHON=/path/to/python3" >&2
exit 1
