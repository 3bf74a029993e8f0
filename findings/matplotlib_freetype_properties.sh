#!/usr/bin/env bash
# Guess:   with one Matplotlib wheel, whose FreeType is built in, and explicit settings, the bytes of a PNG are fixed.
# Truth:   the built-in FreeType reads the variable FREETYPE_PROPERTIES of the environment. Another version of its
#          TrueType interpreter hints glyphs otherwise, so that every PNG with text has other pixels. rcParams,
#          `rcdefaults` and MATPLOTLIBRC have no influence. PDF and SVG stay the same.
# Seen:    matplotlib 3.11.2: other PNG; same PDF and SVG.
# Bites:   comparisons of images by hash, caches of figures, and image tests, on machines where a desktop or an
#          application sets the variable for its own fonts.
# Instead: remove the variable before Matplotlib is imported.
# Needs:   python3 (3.11 or later) with venv. Exit 0: still so. Exit 1: the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet matplotlib==3.11.2

cat >draw.py <<'P'
import sys

import matplotlib

matplotlib.use("agg")
matplotlib.rcdefaults()
matplotlib.rcParams["svg.hashsalt"] = "fixed"
import matplotlib.pyplot as plt

plt.title("Accuracy")
dates = {"png": {}, "pdf": {"CreationDate": None}, "svg": {"Date": None}}
for kind, metadata in dates.items():
    plt.savefig(f"{sys.argv[1]}.{kind}", metadata=metadata)
P
env -u FREETYPE_PROPERTIES venv/bin/python draw.py plain
env -u FREETYPE_PROPERTIES venv/bin/python draw.py again
FREETYPE_PROPERTIES=truetype:interpreter-version=35 venv/bin/python draw.py other
for kind in png pdf svg; do
    cmp plain.$kind again.$kind || exit 1
    cmp -s plain.$kind other.$kind && echo "$kind: same" || echo "$kind: differs"
done | tee found
diff found - <<<$'png: differs\npdf: same\nsvg: same'
