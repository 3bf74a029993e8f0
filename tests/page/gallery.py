"""Write docs/gallery.md and docs/gallery/: figures, captions and screenshots of the page of a finished run."""

import shutil
import sys
from pathlib import Path

import browser

from failures.page import gallery

RESULTS, DOCS = Path("results").resolve(), Path("docs")


def main():
    """Check that the run is complete, then write everything; Unavailable without Chromium."""
    readme = Path("README.md").read_text("utf-8")
    pictures = [RESULTS / "figures" / f"{name}.png" for name in gallery.figures(readme)]
    missing = [path.name for path in [*pictures, RESULTS / "index.html"] if not path.is_file()]
    if missing:
        sys.exit(f"results/ lacks {', '.join(missing)}; run `make reproduce` and `make report` first")
    browser.install()
    text = gallery.render(readme, RESULTS / "tables")
    for picture in pictures:
        shutil.copyfile(picture, DOCS / "gallery" / picture.name)
    (DOCS / "gallery.md").write_text(text, "utf-8")
    window = browser.Browser()
    for width in (390, 1280):
        window.show(RESULTS / "index.html", width, height=1500)
        window.driver.save_screenshot(str(DOCS / f"gallery/page_{width}.png"))
    window.quit()


if __name__ == "__main__":
    main()
