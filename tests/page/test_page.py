"""The HTML report in a real browser (axe-core: tests/page/axe)."""

import json
import platform
import re
import zipfile
from pathlib import Path
from urllib.parse import unquote

import pytest

from failures.packages import families
from page import browser as browsers
from project import ROOT

AXE = Path(__file__).parent / "axe/axe.min.js"


@pytest.fixture(scope="module")
def page(finished):
    """The report of the finished project."""
    finished.run("page")
    return finished.results / "index.html"


@pytest.fixture(scope="module")
def browser():
    pytest.importorskip("selenium", reason="selenium is not installed")
    try:
        browsers.install()
    except browsers.Unavailable as error:
        pytest.skip(str(error))
    browser = browsers.Browser()
    yield browser
    browser.quit()


def attributes(page, name):
    return re.findall(rf'<[^>]*\s{name}="([^"]*)"', page.read_text("utf-8"))


def test_the_page_is_up_to_date_and_not_part_of_all(finished, page):
    before = page.read_bytes()
    done = finished.run("page")
    assert "Nothing to be done" in done.stdout + done.stderr
    assert page.read_bytes() == before
    assert "page" not in finished.plan("--forceall")


def test_the_page_is_small_and_has_no_paths_of_this_machine(finished, page):
    content = page.read_text("utf-8")
    assert len(content.encode()) < 5_000_000
    words = re.sub(r'"data:[^"]*"', "", content)
    for secret in (str(finished.folder), str(ROOT), str(Path.home()) + "/"):
        assert secret not in words
    assert not re.search(rf"\b{re.escape(platform.node())}\b", words)


def test_the_page_marks_a_run_at_another_scale(page):
    content = page.read_text("utf-8")
    assert 'role="note"' in content
    assert "test scale, not the paper&#39;s" in content
    assert content.count("<strong>At the paper's scale:</strong>") == len(families()) + 1, (
        "one answer per family, and one for the figures beyond the paper"
    )


def test_links_have_targets(page):
    names = attributes(page, "id")
    assert len(names) == len(set(names))
    links = [unquote(link) for link in attributes(page, "href")]
    assert len(links) > 200
    for link in links:
        assert link[1:] in names if link.startswith("#") else (page.parent / link).exists(), link
    assert {"tables/fig1.csv", "logs/figures/fig1.log", "runs/parity/d5/relu/seeds_0-9/models"} <= set(links)


def test_no_error_and_no_request(browser, page):
    browser.show(page)
    assert browser.driver.get_log("browser") == []
    messages = [json.loads(entry["message"])["message"] for entry in browser.driver.get_log("performance")]
    asked = [message["params"] for message in messages if message["method"] == "Network.requestWillBeSent"]
    addresses = [one["request"]["url"] for one in asked if not one["request"]["url"].startswith("data:")]
    assert addresses == [page.as_uri()]


def test_every_figure_is_there_and_decodes(finished, browser, page):
    browser.show(page)
    figures = {path.stem for path in (finished.results / "figures").glob("*.png")}
    assert {name.removeprefix("figure-") for name in attributes(page, "id") if name.startswith("figure-")} == figures
    browser.wait("return [...document.images].every(image => image.complete)")
    sizes = browser.run("return [...document.images].map(image => [image.naturalWidth, image.width, image.alt])")
    assert len(sizes) == len(figures)
    for natural, shown, text in sizes:
        assert natural > 500, text
        assert shown > 300, text
        assert len(text) > 20


COLUMN = """
const table = document.querySelectorAll('table.sortable')[arguments[0]];
return [...table.tBodies[0].rows].map(row => row.cells[arguments[1]].dataset.sort ?? row.cells[arguments[1]].innerText)
"""
HEADING = "return document.querySelectorAll('table.sortable')[arguments[0]].tHead.rows[0].cells[arguments[1]]"


def test_tables_sort_by_mouse_and_by_keyboard(browser, page):
    browser.show(page)
    n_tables = browser.run("return document.querySelectorAll('table.sortable').length")
    assert n_tables == 4
    for table in range(n_tables):
        before = browser.run(COLUMN, table, 0)
        heading = browser.run(HEADING, table, 0)
        for press, direction in ((heading.click, "ascending"), (lambda at=heading: at.send_keys("\n"), "descending")):
            press()
            assert heading.get_attribute("aria-sort") == direction
            browser.run("return new Promise(done => setTimeout(done, 100))")
            after = browser.run(COLUMN, table, 0)
            assert sorted(after) == sorted(before)
            assert after == _sorted(before, reverse=direction == "descending")


def _sorted(keys, reverse):
    """Sort keys as numbers if possible, otherwise as words, as the browser does."""
    try:
        return sorted(keys, key=float, reverse=reverse)
    except ValueError:
        return sorted(keys, key=lambda key: key.replace("_", " ").lower(), reverse=reverse)


def test_a_number_sorts_as_a_number(browser, page):
    """Durations sort by seconds, although some are displayed in minutes."""
    browser.show(page)
    column = 3
    for direction in (False, True):
        browser.run(HEADING, 3, column).click()
        browser.run("return new Promise(done => setTimeout(done, 100))")
        times = [float(key) for key in browser.run(COLUMN, 3, column)]
        assert times == sorted(times, reverse=direction)
        assert len(set(times)) > 20


@pytest.mark.parametrize("width", [390, 768, 1280])
def test_nothing_is_wider_than_the_window(browser, page, width):
    browser.show(page, width)
    assert browser.run("return document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing_serious(browser, page, scheme, width):
    browser.show(page, width, scheme)
    browser.run(AXE.read_text("utf-8"))
    found = browser.run("return axe.run(document)")
    assert len(found["passes"]) > 20
    serious = [
        f"{rule['id']}: {rule['nodes'][0]['html'][:200]} {rule['nodes'][0]['failureSummary']}"
        for rule in found["violations"]
        if rule["impact"] in ("serious", "critical")
    ]
    assert not serious, "\n".join(serious)


def test_the_page_follows_the_colour_scheme(browser, page):
    background = "return getComputedStyle(document.documentElement).backgroundColor"
    light = [browser.show(page, scheme="light"), browser.run(background)][1]
    dark = [browser.show(page, scheme="dark"), browser.run(background)][1]
    assert min(map(int, re.findall(r"\d+", light)[:3])) > 200
    assert max(map(int, re.findall(r"\d+", dark)[:3])) < 60


def test_the_page_is_usable_by_keyboard(browser, page):
    """The first Tab stop is the skip link; every scrollable region has a Tab stop."""
    browser.show(page, 390)
    browser.driver.find_element("tag name", "body").send_keys("\t")
    assert browser.run("return document.activeElement.className") == "skip"
    assert browser.run("return getComputedStyle(document.activeElement).left") == "16px"
    regions = browser.run("return [...document.querySelectorAll('.scroll')].map(part => part.tabIndex)")
    assert set(regions) == {0}


def test_snakemakes_report_has_every_figure_with_category_label_and_caption(finished, page, tmp_path):
    finished.run("all", "costs", f"--report={tmp_path / 'report.zip'}")
    figures = {path.stem for path in (page.parent / "figures").glob("*.png")}
    with zipfile.ZipFile(tmp_path / "report.zip") as archive:
        assert {Path(name).stem for name in archive.namelist() if name.endswith(".png")} == figures
        report = archive.read("report/report.html").decode()
    categories = json.JSONDecoder().raw_decode(report.split("var categories = ", 1)[1])[0]
    assert categories.keys() == {*families(), "comparisons", "claims", "costs"}
    for name in figures:
        assert f'"labels": {{"figure": "{name}", "scale": "test"}}' in report
    assert report.count('"caption": "<p><strong>') == len(figures)
