"""Write docs/gallery.md and docs/gallery/ from a finished run: python gallery.py [TARGET ...].

Without targets: every figure, and screenshots of the page. With targets: these figures only.
"""

import shutil
import sys
from pathlib import Path

from failures.reporting.page import gallery
from page import browser

RESULTS, DOCS = Path("results").resolve(), Path("docs")


def main(targets):
    """Check that the results are there, then write everything; Unavailable without Chromium."""
    readme = Path("README.md").read_text("utf-8")
    known = list(gallery.figures(readme))
    if unknown := sorted(set(targets) - set(known)):
        sys.exit(f"TARGETS: no figure {', '.join(unknown)}; the figures are {', '.join(known)}")
    pictures = [RESULTS / "figures" / f"{name}.png" for name in targets or known]
    needed = pictures if targets else [*pictures, RESULTS / "index.html"]
    if missing := [path.name for path in needed if not path.is_file()]:
        sys.exit(f"results/ lacks {', '.join(missing)}; run `make reproduce` and `make report` first")
    if not targets:
        browser.install()
    page = DOCS / "gallery.md"
    text = gallery.render(readme, RESULTS / "tables", targets or known, page.read_text("utf-8") if targets else "")
    for picture in pictures:
        shutil.copyfile(picture, DOCS / "gallery" / picture.name)
    page.write_text(text, "utf-8")
    if not targets:
        screenshots()


def screenshots():
    """The page on a phone and on a desktop."""
    window = browser.Browser()
    for width in (390, 1280):
        window.show(RESULTS / "index.html", width, height=1500)
        window.driver.save_screenshot(str(DOCS / f"gallery/page_{width}.png"))
    window.quit()


if __name__ == "__main__":
    main(sys.argv[1:])
