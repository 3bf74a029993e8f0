"""The HTML report: escaping, content security policy, missing inputs, cells, jobs."""

import base64
import io
import itertools
import json
import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from failures.reporting.page import cells
from failures.reporting.page.gather import blocks
from failures.reporting.page.images import embed
from failures.reporting.page.jobs import behind, read_jobs, rule_edges
from failures.reporting.page.render import inline, policy, render
from project import ROOT

LIBRARY = ROOT / "workflow/failures"
VENDOR = ROOT / "workflow/resources/vendor"
ATTACK = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>"
CLAIM = {
    "label": "a claim",
    "claim": f"It holds {ATTACK}",
    "family": "parity",
    "source": ATTACK,
    "at_least": 0.5,
    "at_most": np.nan,
    "finding": ATTACK,
    "verdict": "reproduced",
}
JOBS = """\
rule,job,kind,wall_s,cpu_s,needs
parity_instances,instances/parity/d5/seeds_0-9,instances,1.0,0.5,
parity_train,runs/parity/d5/relu/seeds_0-9,training,90.0,80.0,instances/parity/d5/seeds_0-9
fig1_table,tables/fig1,table,2.0,1.0,runs/parity/d5/relu/seeds_0-9
fig1,figures/fig1,figure,3.0,2.0,tables/fig1
other,figures/other,figure,4.0,3.0,
"""


class Elements(HTMLParser):
    """HTML elements of a page, with their attributes."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


@pytest.fixture
def results(tmp_path, monkeypatch):
    """Inputs of a report with the family parity, one figure, and a claim that contains an HTML injection."""
    monkeypatch.chdir(tmp_path)
    for folder in ("tables", "figures"):
        (tmp_path / "results" / folder).mkdir(parents=True)
    for name in ("fig1", "costs"):
        Image.new("RGBA", (60, 40), "white").save(f"results/figures/{name}.png")
    tables = tmp_path / "results/tables"
    columns = "part,learner,n_features,seed,step,steps"
    (tables / "fig1.csv").write_text(f"{columns}\nrun,relu,5,0,,1\n")
    pd.DataFrame([CLAIM]).to_csv(tables / "claims.csv", index=False)
    (tables / "costs.csv").write_text(JOBS)
    columns = "rule,kind,bar,n_jobs,cpu_s,loop_cpu_s,other_cpu_s,loop_share,wall_s,memory_mb,mem_mb,memory"
    (tables / "costs_rules.csv").write_text(f"{columns}\nfig1,figure,fig1,1,2.0,1.0,1.0,0.5,3.0,100.0,400,ok\n")
    (tables / "costs_scaling.csv").write_text("part,cores,wall_s,bound_s,ratio\nmeasured,2,96.0,42.0,2.3\n")
    templates = sorted((LIBRARY / "reporting/page").glob("*.jinja"))
    return {
        "figures": ["results/figures/fig1.png", "results/figures/costs.png"],
        "tables": ["results/tables/fig1.csv", "results/tables/claims.csv"],
        **{name: f"results/tables/{name}.csv" for name in ("costs", "costs_rules", "costs_scaling")},
        "captions": [LIBRARY / "families/parity/figures/fig1.rst"],
        "costs_caption": LIBRARY / "reporting/costs/figure.rst",
        "texts": [LIBRARY / "families/parity/page.yaml"],
        "templates": templates,
        "styles": [VENDOR / "pico/pico.classless.min.css", LIBRARY / "reporting/page/page.css"],
        "scripts": [VENDOR / "sortable/sortable.min.js"],
    }


def made(inputs, **changes):
    settings = {"config": {"scale": "full"}, "note": "", "versions": {"snakemake": "9"}} | changes
    return render(inputs, "results", {"parity": {"fig1": "fig1"}}, **settings)


def test_values_are_escaped(results):
    config = {"scale": "full", "evil": ATTACK, ATTACK: {"key": ATTACK}}
    page = made(results, config=config, note=ATTACK, versions={"snakemake": ATTACK})
    found = Elements(page).found
    assert [attributes for tag, attributes in found if tag == "script"] == [{}]
    assert not [attributes for _, attributes in found if "onerror" in attributes]
    assert {attributes["src"][:16] for tag, attributes in found if tag == "img"} == {"data:image/webp;"}
    assert page.count("&lt;script&gt;") >= 8


def test_the_security_policy_allows_the_inlined_style_and_scripts_only(results):
    page = made(results)
    rules = next(attributes["content"] for _, attributes in Elements(page).found if "http-equiv" in attributes)
    assert rules.startswith("default-src 'none'; img-src data:;")
    for element in ("style", "script"):
        text = re.search(rf"<{element}>(.*?)</{element}>", page, re.S)[1]
        assert policy(text, text).split(f"{element}-src ")[1].split(";")[0] in rules
    assert not re.search(r"(src|href)=\"?https?:|url\(\"?https?:|@import", page)


def test_a_script_that_closes_its_element_is_rejected(tmp_path):
    (tmp_path / "bad.js").write_text("x = '</SCRIPT>'")
    with pytest.raises(ValueError, match=r"bad\.js: </script"):
        inline([tmp_path / "bad.js"], "script")


def test_the_page_without_figures_is_small(results):
    """Each figure takes about 100 kB; the rest must be small in comparison."""
    assert 50_000 < len(made(results).encode()) < 150_000


@pytest.mark.parametrize(("kind", "missing"), [("figures", "fig1"), ("captions", "fig1"), ("tables", "claims")])
def test_a_missing_input_is_named(results, kind, missing):
    results[kind] = [path for path in results[kind] if missing not in str(path)]
    with pytest.raises(FileNotFoundError, match=f"report: missing {missing}"):
        made(results)


def test_a_figure_that_was_removed_is_named(results, tmp_path):
    (tmp_path / "results/figures/fig1.png").unlink()
    with pytest.raises(FileNotFoundError, match=r"missing fig1: no file results/figures/fig1\.png"):
        made(results)


def test_texts_of_a_family_are_checked(results, tmp_path):
    text = tmp_path / "parity/page.yaml"
    text.parent.mkdir()
    text.write_text("title: Parities\n")
    with pytest.raises(ValueError, match="requires exactly the keys title, section, question and answer"):
        made(results | {"texts": [text]})


def test_answers_of_another_scale_are_marked(results):
    assert 'role="note"' not in made(results)
    page = made(results, note="preview scale, not the paper's")
    assert "preview scale, not the paper&#39;s" in page
    assert "At the paper's scale:" in page


def test_a_picture_keeps_its_pixels(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    image = embed(tmp_path / "a.png")
    data = base64.b64decode(image.address.removeprefix("data:image/webp;base64,"))
    assert (image.width, image.height) == (30, 20)
    assert (np.asarray(Image.open(io.BytesIO(data)).convert("RGB")) == pixels).all()


def test_transparency_becomes_white(tmp_path):
    Image.new("RGBA", (4, 4), (0, 0, 0, 0)).save(tmp_path / "a.png")
    data = base64.b64decode(embed(tmp_path / "a.png").address.split(",")[1])
    assert Image.open(io.BytesIO(data)).convert("RGB").getpixel((0, 0)) == (255, 255, 255)


@pytest.fixture
def jobs(tmp_path):
    (tmp_path / "costs.csv").write_text(JOBS)
    return read_jobs(tmp_path / "costs.csv")


def test_jobs_behind_a_figure(jobs):
    assert behind(jobs, "figures/fig1") == list(jobs.index[:4])
    assert behind(jobs, "figures/unknown") == []


def test_a_rule_depends_on_the_rules_whose_outputs_its_jobs_use(jobs):
    chain = ["parity_instances", "parity_train", "fig1_table", "fig1"]
    assert rule_edges(jobs) == sorted(itertools.pairwise(chain))


def test_the_best_verdict_comes_first():
    rows = cells.claims(pd.DataFrame([CLAIM | {"verdict": "partly"}, CLAIM, CLAIM]))
    assert [row.rank for row in rows] == [1, 0, 0]
    assert rows[0].allowed == "at least 0.5"
    assert cells.counts(rows) == [("reproduced", 2), ("partly", 1)]


def test_a_missing_number_is_a_dash_without_a_sort_key():
    columns = ["figure", "series", "n_replicates", "share_inside", "final_ours", "final_published", "time_ratio"]
    row = pd.DataFrame([[4, "n_stocks = 10 learner = end_to_end", 10, np.nan, -0.5, -0.25, 2.0]], columns=columns)
    found = cells.published(row)[0]
    assert [cell.text for cell in found] == ["Figure 4", "k = 10, end-to-end", "10", "–", "−0.5", "−0.25", "2"]
    assert found[3].key == ""
    assert [cell.numeric for cell in found] == [False, False, True, True, True, True, True]


def test_the_configuration_is_shown_block_by_block_without_references():
    shared = [0, 1]
    shown = dict(blocks({"scale": "test", "seeds": shared, "parity": {"a": {"seeds": shared}, "b": {"seeds": shared}}}))
    assert list(shown) == ["general", "parity"]
    assert "scale: test" in shown["general"]
    assert "&" not in json.dumps(shown)
