#!/usr/bin/env bash
# Refresh lock.txt and lock-gpu.txt from pyproject.toml: one version of each package for all Pythons and
# platforms, with hashes and without index addresses. Then copy changed pins to envs/*.yaml (a test compares).
set -euo pipefail
cd "$(dirname "$0")/.."
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
"${PYTHON:-python3}" -m venv "$tools"
"$tools/bin/pip" install --quiet uv
for extra in cpu gpu; do
    lock=envs/lock$([ "$extra" = gpu ] && echo -gpu || true).txt
    "$tools/bin/uv" pip compile --quiet pyproject.toml --group dev --extra "$extra" --output-file "$lock" \
        --universal --python-version 3.11 --fork-strategy fewest --upgrade \
        --generate-hashes --no-emit-index-url --no-annotate --no-header
done
