"""Put what the README shows into docs/gallery: the figures of a finished run, and its page on two screens."""

import shutil
from pathlib import Path

import browser

RESULTS, GALLERY = Path("results").resolve(), Path("docs/gallery")


def main():
    """Copy the figures and take the screenshots; Unavailable without Chromium."""
    browser.install()
    for figure in sorted((RESULTS / "figures").glob("*.png")):
        shutil.copyfile(figure, GALLERY / figure.name)
    window = browser.Browser()
    for width in (390, 1280):
        window.show(RESULTS / "index.html", width, height=1500)
        window.driver.save_screenshot(str(GALLERY / f"page_{width}.png"))
    window.quit()


if __name__ == "__main__":
    main()
