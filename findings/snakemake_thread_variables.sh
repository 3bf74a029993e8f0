#!/usr/bin/env bash
# Guess:   a thread limit such as OMP_NUM_THREADS=1, set in the shell that starts Snakemake or at the top of the
#          Snakefile, reaches the jobs. A rule's `threads` only tells the scheduler how many cores to reserve.
# Truth:   for shell commands and scripts, Snakemake overwrites the thread variables of OpenMP, OpenBLAS, MKL, GotoBLAS,
#          vecLib and numexpr with the rule's `threads`. Raising `threads` of a rule, which Snakemake does not count as
#          a change that makes a job run again, therefore changes the number of threads of NumPy's products, and with
#          it the order of sums and the last digits of results.
# Seen:    snakemake 9.27.1. OMP_NUM_THREADS is 1 in the shell and in the Snakefile; a job with `threads: 2` sees 2.
#          Setting the variable inside the command works.
# Bites:   everyone who pins threads for the same bytes everywhere, and everyone who compares jobs with other `threads`.
# Needs:   python3 (3.11 to 3.13) with venv. Exit 0: still so. Exit 1: the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet snakemake==9.27.1

cat >Snakefile <<'S'
import os

os.environ["OMP_NUM_THREADS"] = "1"


rule all:
    input:
        "shell.txt",
        "script.txt",
        "inside.txt",


rule shell_command:
    output:
        "shell.txt",
    threads: 2
    shell:
        "echo $OMP_NUM_THREADS $OPENBLAS_NUM_THREADS $MKL_NUM_THREADS $NUMEXPR_NUM_THREADS > {output}"


rule script_file:
    output:
        "script.txt",
    threads: 2
    script:
        "script.py"


rule inside_the_command:
    output:
        "inside.txt",
    threads: 2
    shell:
        "OMP_NUM_THREADS=1 sh -c 'echo $OMP_NUM_THREADS' > {output}"
S
cat >script.py <<'P'
import os

with open(snakemake.output[0], "w") as file:
    print(os.environ["OMP_NUM_THREADS"], file=file)
P
OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 venv/bin/snakemake --cores 2 >log 2>&1 || { tail -n 5 log; exit 1; }
echo "shell command: $(cat shell.txt); script: $(cat script.txt); set inside the command: $(cat inside.txt)"
[[ $(cat shell.txt) == "2 2 2 2" && $(cat script.txt) == 2 && $(cat inside.txt) == 1 ]]
