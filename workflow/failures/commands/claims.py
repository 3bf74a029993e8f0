"""Write the page of claims from the table of a finished run (`make claims`).

``python -m failures.commands.claims [--configfile FILE ...] [--config KEY=VALUE ...]`` writes docs/claims.md. For
another scale or variant, or with an overlay, it writes claims.md into the folder docs of the results.
"""

from __future__ import annotations

import os
import sys

import pandas as pd

from failures.commands.places import Places, places
from failures.reporting.claims.page import render
from failures.runtime.files import atomic


def main(words: list[str]) -> None:
    """Write the page; exits with one line if the run is not finished."""
    place = places(words)
    table = place.results / "tables/claims.csv"
    if not table.is_file():
        sys.exit(missing(place, [str(table)]))
    page = place.docs / "claims.md"
    root = os.path.relpath(".", place.docs)
    with atomic(page) as private:
        private.write_text(render(pd.read_csv(table), str(table), root), "utf-8")
    print(f"wrote {page}")


def missing(place: Places, files: list[str]) -> str:
    """Return the message that results are missing.

    Args:
        place: Where the results are.
        files: What is missing.
    """
    shown = ", ".join(files[:3]) + f" and {len(files) - 3} more files" * (len(files) > 3)
    return f"{shown}: missing, so nothing was written; finish the run first: make reproduce {place.words}".strip()


if __name__ == "__main__":
    main(sys.argv[1:])
