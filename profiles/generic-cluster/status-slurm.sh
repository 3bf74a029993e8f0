#!/usr/bin/env bash
# Print the state of a Slurm job for Snakemake: running, success or failed.
set -euo pipefail
# Slurm discards an ended job after MinJobAge (300 s by default); a discarded job counts as failed. If the query fails
# for another reason, the state is unknown (the controller may be restarting), and the job counts as running.
job=$(scontrol --oneliner show job "$1" 2>&1) || {
    code=$?
    [ $code = 127 ] && { echo "$job" >&2; exit 127; }
    if [[ $job == *"Invalid job id"* ]]; then echo failed; else echo "$job" >&2; echo running; fi
    exit
}
state=$(grep -oE 'JobState=[A-Z_]+' <<<"$job" | head -n 1 || true)
case ${state#JobState=} in
COMPLETED) echo success ;;
PENDING | CONFIGURING | RUNNING | COMPLETING | SUSPENDED | REQUEUED | RESIZING | STAGE_OUT) echo running ;;
*) echo failed ;;
esac
