#!/usr/bin/env bash
# Print the state of a Grid Engine job for Snakemake: running, success or failed.
set -euo pipefail
if state=$(qstat 2>/dev/null | awk -v job="$1" '$1 == job { print $5 }') && [ -n "$state" ]; then
    case $state in
    *E*) qdel "$1" >/dev/null 2>&1 || true; echo failed ;;
    *) echo running ;;
    esac
elif ended=$(qacct -j "$1" 2>/dev/null); then
    if grep -qE '^exit_status +0 *$' <<<"$ended" && grep -qE '^failed +0 *$' <<<"$ended"; then echo success; else echo failed; fi
else
    # A job that has ended but is not yet in the accounting file counts as running.
    echo running
fi
