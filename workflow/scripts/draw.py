"""Draw a figure from its table."""

from importlib import import_module

import pandas as pd

from failures.jobs import start
from failures.style import apply, save

start(snakemake.log[0])
style = snakemake.params.style
apply(style["palette"])
module = import_module(snakemake.params.module)
figure = module.draw(pd.read_csv(snakemake.input.table), note=style["note"])
save(figure, snakemake.output, dpi=style["dpi"])
