#!/usr/bin/env bash
# Print the state of a PBS job for Snakemake: running, success or failed.
set -euo pipefail
job=$(qstat -x -f "$1" 2>/dev/null || true)
state=$(sed -nE 's/^ *job_state = ([A-Z]).*/\1/p' <<<"$job")
code=$(sed -nE 's/^ *Exit_status = (-?[0-9]+).*/\1/p' <<<"$job")
case $state in
F | C) if [ "${code:-1}" = 0 ]; then echo success; else echo failed; fi ;;
[A-Z]) echo running ;;
*) echo failed ;;
esac
