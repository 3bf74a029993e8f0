#!/usr/bin/env bash
# Print the state of a Grid Engine job for Snakemake: running, success or failed.
set -euo pipefail
job=$1
# If qstat fails, the state is unknown (the master may be restarting), and the job counts as running.
jobs=$(qstat -u "$(id -un)") || { code=$?; [ $code = 127 ] && exit 127; echo running; exit; }
state=$(awk -v job="$job" '$1 == job { print $5 }' <<<"$jobs")
# Time of the first query at which neither qstat nor qacct listed the job. A job that has ended is missing from both for
# up to 15 s, until Grid Engine writes the accounting file. A job deleted before its start is missing for ever.
marker=.snakemake/gridengine/$job
if [ -n "$state" ]; then
    rm -f "$marker"
    case $state in
    *E*) qdel "$job" >/dev/null 2>&1 || true; echo failed ;;
    *) echo running ;;
    esac
elif ended=$(qacct -j "$job" 2>&1); then
    rm -f "$marker"
    # The last record counts: a requeued job has one per start.
    awk '$1 == "failed" { failed = $2 } $1 == "exit_status" { code = $2 }
        END { print (failed == "0" && code == "0") ? "success" : "failed" }' <<<"$ended"
else
    mkdir -p "${marker%/*}"
    [ -s "$marker" ] || date +%s >"$marker"
    if [ $(($(date +%s) - $(<"$marker"))) -le 60 ]; then
        echo running
    elif grep -q "job id .* not found" <<<"$ended"; then
        echo failed
    else
        echo "qacct cannot read the accounting file, which holds the exit codes of jobs: ${ended//$'\n'/; }" >&2
        exit 1
    fi
fi
