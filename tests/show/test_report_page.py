"""report.html in a real browser: no request to anywhere, readable on a phone, on paper and by a screen reader."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import numpy as np
import polars as pl
import pytest

from chainrule import Network, load_data, train
from chainrule.data.evaluation import evaluate

from ..support.browser import (
    needs_browser,
    open_page,
    printed,
    requests_of,
    started_browser,
)
from ..support.commands import chainrule


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The pages of three runs: pictures, a table of classes, a table of numbers."""
    folder = tmp_path_factory.mktemp("pages")
    rng = np.random.default_rng(0)
    n = 200
    frame = pl.DataFrame(
        {
            "tag": [f"<u>{i}" for i in range(n)],  # names rows
            "size & <age>": rng.normal(size=n),
            "color": rng.choice(["red", "green", None], n),
            "same": [1] * n,
            "kind": rng.choice(["<b>cat</b>", "dog"], n),
        }
    )
    frame.write_csv(folder / "pets.csv")
    for arguments in (
        ("digits", "--steps", "300"),
        ("pets.csv", "--epochs", "5", "--hidden", "8"),
        ("diabetes", "--epochs", "5"),
    ):
        done = chainrule(
            "train", *arguments, "--output", arguments[0].split(".")[0], cwd=folder
        )
        assert done.returncode == 0, done.stderr
    return {
        name: folder / name / "report.html" for name in ("digits", "pets", "diabetes")
    }


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    driver = started_browser(tmp_path_factory.mktemp("browser"))
    yield driver
    driver.quit()


NAMES = ["digits", "pets", "diabetes"]


@needs_browser
@pytest.mark.parametrize("name", NAMES)
def test_it_asks_nobody_for_anything(browser, pages, name):
    browser.get_log("performance")
    open_page(browser, pages[name].as_uri())
    asked = [url for url in requests_of(browser) if not url.startswith("data:")]
    assert asked == [pages[name].as_uri()]
    assert [
        entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"
    ] == []
    assert browser.execute_script("return document.scripts.length") == 0


@needs_browser
def test_the_search_for_requests_finds_one(browser, pages, tmp_path):
    text = re.sub(r"<meta http-equiv[^>]*>", "", pages["pets"].read_text())
    planted = tmp_path / "planted.html"
    planted.write_text(
        text.replace("</main>", '<img src="http://127.0.0.1:9/x.png"></main>')
    )
    browser.get_log("performance")
    open_page(browser, planted.as_uri())
    assert "http://127.0.0.1:9/x.png" in requests_of(browser)
    # and the page's own policy keeps it from being sent
    planted.write_text(
        pages["pets"]
        .read_text()
        .replace("</main>", '<img src="http://127.0.0.1:9/x.png"></main>')
    )
    open_page(browser, planted.as_uri())
    assert any(
        "Content Security Policy" in entry["message"]
        for entry in browser.get_log("browser")
    )


@needs_browser
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("width", [360, 1000])
def test_nothing_is_wider_than_the_page(browser, pages, name, width):
    open_page(browser, pages[name].as_uri(), width)
    assert (
        browser.execute_script("return document.documentElement.scrollWidth") <= width
    )
    # what is wider scrolls inside a box that the keyboard reaches
    outside = browser.execute_script(
        "return [...document.querySelectorAll('main *')].filter(e => !e.closest('.wide') && !e.closest('svg')"
        " && e.getBoundingClientRect().right > window.innerWidth + 1).map(e => e.tagName)"
    )
    assert outside == []
    small = browser.execute_script(
        "return [...document.querySelectorAll('figure svg')].map(e => e.getBoundingClientRect().width)"
    )
    assert min(small) >= 200


@needs_browser
@pytest.mark.parametrize("name", NAMES)
def test_a_screen_reader_finds_its_way(browser, pages, name):
    open_page(browser, pages[name].as_uri())
    nodes = browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    named = [
        (node["role"]["value"], node.get("name", {}).get("value", ""))
        for node in nodes
        if not node.get("ignored")
    ]
    headings = [words for role, words in named if role == "heading"]
    wanted = [
        "What was trained on what",
        "How it went",
        "How good it is",
        "Calibration",
        "The worst mistakes",
        "Inside the network",
        "The gradient check",
        "How to do it again",
    ]
    assert [heading for heading in headings if heading in wanted] == wanted
    assert ("What the first layer looks at" in headings) == (name == "digits")
    images = [words for role, words in named if role in ("image", "img")]
    assert len(images) >= 4
    assert all(len(words) > 10 for words in images)  # each says what it shows
    assert any(role == "main" for role, _ in named)
    tables = [words for role, words in named if role == "table"]
    assert len(tables) >= 4
    assert all(tables)


@needs_browser
def test_on_paper(browser, pages):
    open_page(browser, pages["digits"].as_uri())
    pdf = printed(browser)
    assert pdf.startswith(b"%PDF")
    count = len(re.findall(rb"/Type\s*/Page\b", pdf))
    assert 2 <= count <= 8


@needs_browser
def test_pictures_are_there_and_not_blank(browser, pages, tmp_path):
    from matplotlib.image import imread

    open_page(browser, pages["digits"].as_uri())
    for i, figure in enumerate(browser.find_elements("css selector", "figure")):
        figure.screenshot(str(tmp_path / f"{i}.png"))
        pixels = imread(tmp_path / f"{i}.png")[..., :3]
        assert np.mean(pixels < 0.9) > 0.003  # ink
    assert i >= 5


class Ids(HTMLParser):
    def __init__(self):
        super().__init__()
        self.ids, self.links = [], []

    def handle_starttag(self, tag, attributes):
        self.ids += [value for name, value in attributes if name == "id"]
        self.links += [
            value
            for name, value in attributes
            if name in ("src", "href", "xlink:href") and value
        ]


@pytest.mark.parametrize("name", NAMES)
def test_one_file_with_ids_of_its_own(pages, name):
    parser = Ids()
    text = pages[name].read_text()
    parser.feed(text)
    assert len(parser.ids) == len(set(parser.ids))
    assert all(link.startswith(("#", "data:")) for link in parser.links)
    assert set(re.findall(r"url\(#([^)]*)\)", text)) <= set(parser.ids)


def test_what_stands_in_the_data_is_text(pages):
    text = pages["pets"].read_text()
    assert "size &amp; &lt;age&gt;" in text
    assert "&lt;b&gt;cat&lt;/b&gt;" in text
    assert "<b>cat</b>" not in text
    mistakes = text.split("The worst mistakes")[1].split("</table>")[0]
    lines = [int(n) for n in re.findall(r"<th[^>]*>(\d+)</th>", mistakes)]
    tags = [int(n) for n in re.findall(r"&lt;u&gt;(\d+)", mistakes)]
    assert lines == [tag + 2 for tag in tags] != []  # the names are line 1


def test_the_numbers_are_those_of_the_report(pages):
    found = json.loads((pages["digits"].parent / "report.json").read_text())
    text = pages["digits"].read_text()
    assert f"{found['test']['accuracy']:.4g}</b> test accuracy" in text
    assert "chainrule train digits --steps 300" in text
    assert "it passes" in text


# What stands behind it


def test_calibration_by_hand():
    from chainrule.data.preparation import Target

    output = np.array([[0.95, 0.05], [0.91, 0.09], [0.35, 0.65], [0.45, 0.55]])
    done = evaluate(Target(("y",), ("a", "b")), output, np.array([0, 1, 1, 1]))
    said, came, rows = done.calibration()
    np.testing.assert_allclose(said, [0.55, 0.65, 0.93])
    assert (came.tolist(), rows.tolist()) == ([1.0, 1.0, 0.5], [1, 1, 2])
    assert done.worst(5).tolist() == [1]
    assert done.metrics["log_loss"] == pytest.approx(
        -np.log([0.95, 0.09, 0.65, 0.55]).mean()
    )


def test_numbers_are_compared_in_their_units():
    from sklearn.metrics import r2_score

    from chainrule.data.preparation import Target

    target = Target(("y",), (), (10.0,), (2.0,))
    true = np.array([[10.0], [12.0], [16.0]])
    done = evaluate(target, np.array([[0.0], [1.0], [2.0]]), true)  # 10, 12, 14
    assert done.metrics["rmse"] == pytest.approx(np.sqrt(4 / 3))
    assert done.metrics["r2"] == pytest.approx(r2_score(true, [[10], [12], [14]]))
    assert done.worst(1).tolist() == [2]


def test_the_network_and_the_report_drawn():
    data = load_data("iris")
    network = Network((4, 30, 3), ("tanh", "softmax"), "cross_entropy")
    drawn = network._repr_html_()
    assert 'aria-label="4 inputs → 30 tanh → 3 softmax, loss cross_entropy"' in drawn
    assert (
        drawn.count("<circle") == 4 + 7 + 3
    )  # of 30 units the first and last, with an ellipsis
    report = train(network, data.x_train, data.y_train, max_epochs=3, validation=0.2)
    lines = {
        line.get_label(): line.get_ydata() for line in report.plot().axes[0].get_lines()
    }
    np.testing.assert_array_equal(lines["training"], report.loss)
    np.testing.assert_array_equal(lines["validation"], report.validation_loss)
