#!/usr/bin/env bash
# Print the state of a Slurm job for Snakemake: running, success or failed.
set -euo pipefail
# Slurm discards an ended job after MinJobAge (300 s by default); a discarded job counts as failed.
state=$(scontrol --oneliner show job "$1" 2>/dev/null | grep -oE 'JobState=[A-Z_]+' | head -n 1 || true)
case ${state#JobState=} in
COMPLETED) echo success ;;
PENDING | CONFIGURING | RUNNING | COMPLETING | SUSPENDED | REQUEUED | RESIZING | STAGE_OUT) echo running ;;
*) echo failed ;;
esac
