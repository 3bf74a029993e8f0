"""Render the HTML report of all results."""

from failures.files import atomic
from failures.jobs import job, work
from failures.page.render import render

with job(snakemake):
    with work():
        page = render(dict(snakemake.input.items()), **snakemake.params.settings)
    with atomic(snakemake.output[0]) as private:
        private.write_text(page, "utf-8")
