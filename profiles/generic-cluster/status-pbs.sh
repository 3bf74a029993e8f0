#!/usr/bin/env bash
# Print the state of a PBS job for Snakemake: running, success or failed.
set -euo pipefail
# A job that the server does not know counts as failed. If the query fails for another reason, the state is unknown (the
# server may be restarting), and the job counts as running.
job=$(qstat -x -f "$1" 2>&1) || {
    code=$?
    [ $code = 127 ] && { echo "$job" >&2; exit 127; }
    if [[ $job == *"Unknown Job"* ]]; then echo failed; else echo "$job" >&2; echo running; fi
    exit
}
state=$(sed -nE 's/^ *job_state = ([A-Z]).*/\1/p' <<<"$job")
code=$(sed -nE 's/^ *Exit_status = (-?[0-9]+).*/\1/p' <<<"$job")
case $state in
F | C) if [ "${code:-1}" = 0 ]; then echo success; else echo failed; fi ;;
[A-Z]) echo running ;;
*) echo failed ;;
esac
