"""Render the HTML report of all results as one file."""

from failures.runtime import environment, forkserver

environment.clean()
forkserver.delegate("figures")

from failures.reporting.page.render import render
from failures.runtime.files import atomic
from failures.runtime.jobs import job, work

with job(snakemake):
    with work():
        page = render(dict(snakemake.input.items()), **snakemake.params.settings)
    with atomic(snakemake.output[0]) as private:
        private.write_text(page, "utf-8")
