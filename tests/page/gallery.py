"""Write the gallery from a finished run: gallery.py [--configfile FILE ...] [--config KEY=VALUE ...] -- [TARGET ...].

Writes docs/gallery.md and docs/gallery/. For another scale or variant, or with an overlay, it writes the same into the
folder docs of the results. Without targets: every figure, and screenshots of the page. With targets: only these.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from failures.commands.claims import missing
from failures.commands.places import places
from failures.reporting.page import gallery
from page import browser


def main(words):
    """Check that the results are there, make everything, then replace; Unavailable without Chromium."""
    place = places(words)
    readme = Path("README.md").read_text("utf-8")
    known = list(gallery.figures(readme))
    targets = place.targets or known
    if unknown := sorted(set(targets) - set(known)):
        sys.exit(f"TARGETS: no figure {', '.join(unknown)}; the figures are {', '.join(known)}")
    pictures = [place.results / "figures" / f"{name}.png" for name in targets]
    needed = [*pictures, *gallery.tables(place.results / "tables", targets)]
    needed += [place.results / "index.html"] * (not place.targets)
    if absent := [str(path) for path in needed if not path.is_file()]:
        remedy = f"make report {place.words}" if place.targets == () else ""
        sys.exit(missing(place, absent) + f", then {remedy}" * bool(remedy))
    page = place.docs / "gallery.md"
    before = page.read_text("utf-8") if place.targets and page.is_file() else ""
    text = gallery.render(readme, place.results / "tables", targets, before, partial=place.docs != Path("docs"))
    with tempfile.TemporaryDirectory() as folder:
        if not place.targets:
            browser.install()
            pictures += screenshots(place.results / "index.html", Path(folder))
        (place.docs / "gallery").mkdir(parents=True, exist_ok=True)
        for picture in pictures:
            shutil.copyfile(picture, place.docs / "gallery" / picture.name)
    page.write_text(text, "utf-8")
    print(f"wrote {page}")


def screenshots(page, folder):
    """Return pictures of the page on a phone and on a desktop; the browser shows an error page if it cannot read it."""
    window, pictures = browser.Browser(), []
    try:
        for width in (390, 1280):
            window.show(page.resolve(), width, height=1500)
            if not window.driver.title.startswith("Failures of"):
                sys.exit(f"Chromium cannot show {page} ('{window.driver.title}'); nothing was written")
            pictures.append(folder / f"page_{width}.png")
            window.driver.save_screenshot(str(pictures[-1]))
    finally:
        window.quit()
    return pictures


if __name__ == "__main__":
    main(sys.argv[1:])
