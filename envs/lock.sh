#!/usr/bin/env bash
# Refresh lock.txt and lock-gpu.txt from pyproject.toml, then copy their pins into the conda environments. A lock has
# one version per package for all Python versions and platforms, with hashes and without index addresses.
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
for pin in $(grep -oE '^[a-z0-9-]+==[^ ;]+' envs/lock.txt); do
    sed -i.old -E "s/^( +- )${pin%%==*}==[^ ;]+/\\1$pin/" envs/analysis.yaml envs/training.yaml
done
rm -f envs/*.old
