"""The page of an explanation, in a real browser: clicked, stepped through, by keyboard, on a phone, on paper."""

from __future__ import annotations

import re

import numpy as np
import pytest

from chainrule import Network, explain, train
from chainrule.explanation.spellings import SPELLINGS

from ..support.browser import (
    needs_browser,
    open_page,
    printed,
    requests_of,
    started_browser,
)
from ..support.faulty_equations import pull_back_with, replacer

#: Of the page of one row of a 784-128-10 network, in its default selection.
MOST_BYTES = 1_000_000


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    driver = started_browser(tmp_path_factory.mktemp("browser"))
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The example's page, and that of one row of a trained 784-128-10 network."""
    folder = tmp_path_factory.mktemp("explained")
    explain(notation="bias-last").save(folder / "small.html")
    rng = np.random.default_rng(0)
    x, y = (
        (rng.uniform(size=(400, 784)) * (rng.uniform(size=(400, 784)) > 0.8)).astype(
            "float32"
        ),
        np.arange(400) % 10,
    )
    network = Network((784, 128, 10), ("relu", "softmax"), "cross_entropy")
    report = train(network, x, y, max_epochs=2, dtype="float32", progress=False)
    large = explain(network, x[17:18], y[17:18], parameters=report.parameters)
    assert large.passed
    large.save(folder / "large.html")
    return {name: folder / f"{name}.html" for name in ("small", "large")}


def seen(browser, selector):
    """The text of an element, without the spaces of MathML."""
    return re.sub(
        r"\s+",
        "",
        browser.find_element("css selector", selector).get_attribute("textContent"),
    )


def click(browser, selector):
    element = browser.find_element("css selector", selector)
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
    element.click()


def press(browser, key):
    from selenium.webdriver.common.action_chains import ActionChains

    ActionChains(browser).send_keys(key).perform()


def severe(browser):
    return [
        entry["message"]
        for entry in browser.get_log("browser")
        if entry["level"] == "SEVERE"
    ]


def test_a_large_networks_page_is_small(pages) -> None:
    assert pages["large"].stat().st_size < MOST_BYTES
    text = pages["large"].read_text()
    assert set(re.findall(r'(?:src|href)="([^"]*)"', text)) <= {"#step", "data:,"}


@needs_browser
@pytest.mark.parametrize("name", ["small", "large"])
def test_it_asks_nobody_for_anything(browser, pages, name) -> None:
    open_page(
        browser, "about:blank"
    )  # the browser's own first page asks for things of its own
    browser.get_log("performance")
    open_page(browser, pages[name].as_uri())
    asked = [url for url in requests_of(browser) if not url.startswith("data:")]
    assert asked == [pages[name].as_uri()]
    assert severe(browser) == []


@needs_browser
def test_no_other_script_runs_than_its_own(browser, pages, tmp_path) -> None:
    planted = tmp_path / "planted.html"
    planted.write_text(
        pages["small"]
        .read_text()
        .replace("</main>", "<script>document.title = 'x'</script></main>")
    )
    open_page(browser, planted.as_uri())
    assert browser.title != "x"
    assert any(
        "Content Security Policy" in entry["message"]
        for entry in browser.get_log("browser")
    )


@needs_browser
def test_a_click_on_a_number_reads_its_formula(browser, pages) -> None:
    open_page(browser, pages["large"].as_uri() + "#canonical/Z2")
    first = browser.find_element("css selector", "#results button").get_attribute(
        "data-name"
    )
    click(browser, f'#results button[data-name="{first}"]')
    shown = seen(browser, "#entry")
    k = first.split(".")[1]
    assert f"Z{k}[2]=A" in shown
    assert "more" in shown  # of 128 terms
    assert "✓evaluatedagain" in shown
    exact = re.search(r"infull:([-\d.e]+)", shown)[1]
    assert np.float32(exact) == np.float32(
        re.search(rf'"{first}":"([^"]+)"', pages["large"].read_text())[1]
    )
    # and on from there: to a number in it
    inside = browser.find_element(
        "css selector", "#entry .results button[data-name^=A1]"
    ).get_attribute("data-name")
    click(browser, f'#entry .results button[data-name="{inside}"]')
    assert (
        "F2" in browser.find_element("id", "title").text
        or "Given" in browser.find_element("id", "entry").text
    )
    # the number within the formula itself
    open_page(browser, pages["small"].as_uri() + "#bias-last/dW2/dW2.3.1")
    click(browser, '#entry .num[data-name="D2.3"]')
    assert "(76)" in browser.find_element("id", "title").text
    assert "∂L∂g32=∂L∂h32·" in seen(browser, "#entry")
    assert severe(browser) == []


@needs_browser
def test_an_edge_and_a_unit_of_the_drawing(browser, pages) -> None:
    open_page(browser, pages["small"].as_uri() + "#bias-last/D2")
    edge = browser.find_element("css selector", 'svg .edge[data-name="W2.3.1"]')
    browser.execute_script(
        "arguments[0].dispatchEvent(new MouseEvent('click', {bubbles: true}))", edge
    )
    assert "(75)" in browser.find_element("id", "title").text
    assert "Pathsfromthisweighttotheloss:2" in seen(browser, "#entry")
    assert "chosen" in edge.get_attribute("class")
    click(browser, 'svg .unit[data-name="A1.2"]')  # in the backward pass: its δ
    assert "(76)" in browser.find_element("id", "title").text
    open_page(browser, "about:blank")
    open_page(browser, pages["small"].as_uri() + "#bias-last/Z2")
    click(browser, 'svg .unit[data-name="A1.2"]')  # in the forward pass: its activation
    assert "activation" in browser.find_element("id", "title").text
    assert "tanh" in seen(browser, "#entry")


@needs_browser
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("which", ["first", "last"])
def test_the_formula_of_a_number_is_in_view(browser, pages, width, which) -> None:
    open_page(browser, "about:blank")
    open_page(browser, pages["large"].as_uri() + "#canonical/W+2", width)
    buttons = browser.find_elements("css selector", "#results button")
    assert len(buttons) > 50
    chosen = buttons[0 if which == "first" else -1].get_attribute("data-name")
    click(browser, f'#results button[data-name="{chosen}"]')
    top, height = browser.execute_script(
        "return [document.getElementById('entry').getBoundingClientRect().top, window.innerHeight]"
    )
    assert -1 <= top <= 0.8 * height
    focused = browser.switch_to.active_element
    assert focused.get_attribute("data-name") == chosen


@needs_browser
def test_the_loss_of_a_row_bears_its_number_where_the_objective_has_its_letter(
    browser, tmp_path
) -> None:
    network = Network((2, 2, 1), ("tanh", "identity"), "squared_error")
    made = explain(
        network,
        [[1.0, 2.0], [0.5, -1.0]],
        [[0.0], [1.0]],
        parameters=network.init(0),
        row=1,
    )
    made.save(tmp_path / "two.html")
    page = (tmp_path / "two.html").as_uri()
    for place, shown in (
        ("bias-last/ell2", "L⟨1⟩="),
        ("flat-theta/J2", "L=s⟨0⟩·L⟨0⟩+s⟨1⟩·L⟨1⟩"),
    ):
        open_page(browser, "about:blank")
        open_page(browser, f"{page}#{place}")
        assert shown in seen(browser, "#entry")
        assert "⟨1⟩⟨" not in seen(browser, "main")
    open_page(browser, "about:blank")
    open_page(browser, f"{page}#canonical/ell2")
    assert "⟨" not in seen(browser, "#entry h2")
    for place, shown in (  # S1 counts trials from 1
        ("column-batch/ell2", "C2="),
        ("column-batch/J2", "C=1N·(C1+C2)"),
        ("column-batch/Z1/Z1.1", "(z2)1(1)="),
    ):
        open_page(browser, "about:blank")
        open_page(browser, f"{page}#{place}")
        assert shown in seen(browser, "#entry")
        assert "⟨" not in seen(browser, "main")
        assert "#" not in seen(browser, "main")


@needs_browser
def test_a_corrected_equation_says_what_the_document_prints(browser, pages) -> None:
    open_page(browser, "about:blank")
    open_page(browser, pages["small"].as_uri() + "#bias-last/D2")
    (first, *_rest) = browser.find_elements("css selector", "#general .corrected")
    assert first.text.startswith("S4.E76: the document prints: ∂L/∂g^n = ")
    assert "chainrule errata S4.E76" in first.text
    open_page(browser, "about:blank")
    open_page(browser, pages["small"].as_uri() + "#canonical/D2")
    assert browser.find_elements("css selector", "#general .corrected") == []


@needs_browser
@pytest.mark.parametrize("width", [390, 1280])
def test_a_long_formula_goes_on_in_the_next_line(browser, pages, width) -> None:
    open_page(browser, "about:blank")
    open_page(browser, pages["small"].as_uri() + "#canonical/Z1/Z1.1", width)
    cut = browser.execute_script(
        "return [...document.querySelectorAll('#general .line, #entry .line')]"
        ".filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.textContent)"
    )
    assert cut == []
    assert (
        len(browser.find_elements("css selector", "#general .line:last-child math")) > 1
    )


@needs_browser
def test_in_a_frame_of_a_notebook(browser, tmp_path) -> None:
    frame = tmp_path / "notebook.html"
    frame.write_text(
        f"<!DOCTYPE html><meta charset='utf-8'><title>n</title>{explain()._repr_html_()}"
    )
    open_page(browser, frame.as_uri())
    browser.switch_to.frame(browser.find_element("css selector", "iframe"))
    click(browser, '[data-step="D2"]')
    assert "delta" in browser.find_element("id", "title").text
    assert severe(browser) == []
    browser.switch_to.default_content()


#: Click a button so many times, and give what the page says after each.
WALK = """return [...Array(arguments[1])].map(() => { document.getElementById(arguments[0]).click();
    return document.querySelector("main").textContent; })"""


@needs_browser
@pytest.mark.parametrize("name", ["small", "large"])
def test_steps_forward_and_back_in_every_notation(browser, pages, name) -> None:
    from selenium.webdriver.support.ui import Select

    open_page(browser, pages[name].as_uri())
    for notation in SPELLINGS:
        Select(browser.find_element("id", "notation")).select_by_value(notation)
        open_at = browser.find_element("id", "where").text
        first, count = (
            int(n) for n in re.search(r"Step (\d+) of (\d+)", open_at).groups()
        )
        texts = browser.execute_script(WALK, "next", count - first)
        assert len(set(texts)) == count - first
        assert not any("undefined" in text or "@" in text for text in texts)
        assert (
            f"Step {count} of {count}: update"
            in browser.find_element("id", "where").text
        )
        assert not browser.find_element("id", "next").is_enabled()
        browser.execute_script(WALK, "previous", count - 1)
        assert "Step 1 of" in browser.find_element("id", "where").text
    click(browser, "#next")
    click(browser, "#next")
    click(browser, "#previous")
    assert "Step 2 of" in browser.find_element("id", "where").text
    assert severe(browser) == []


@needs_browser
def test_the_notation_is_switched_in_place(browser, pages) -> None:
    from selenium.webdriver.support.ui import Select

    open_page(browser, pages["small"].as_uri() + "#bias-last/dW2/dW2.3.1")
    assert seen(browser, "#general").startswith("∂L∂Wn=(∂L∂gn)T(hn−1)T")
    for notation, formula in (
        ("bias-first", "∂L∂w3,1[2]=δ3[2]·a1[1]"),
        ("column-batch", "∂C∂w3,1(2)=δ3(2)·a1(1)"),
        ("constant-neuron", "∂L∂w1,31=δ32·o11"),
        ("flat-theta", "∂L∂W3,1[3]=∂L∂z3[3]·a1[2]"),
        ("canonical", "∂J∂W3,1[2]=Δ3[2]·A1[1]"),
    ):
        Select(browser.find_element("id", "notation")).select_by_value(notation)
        assert formula in seen(browser, "#entry"), notation
    assert browser.current_url.endswith("#canonical/dW2/dW2.3.1")


@needs_browser
def test_by_keyboard_alone(browser, pages) -> None:
    from selenium.webdriver.common.keys import Keys

    open_page(browser, pages["small"].as_uri())
    press(browser, Keys.ARROW_RIGHT)
    assert "Step 2 of" in browser.find_element("id", "where").text
    press(browser, Keys.ARROW_LEFT)
    assert "Step 1 of" in browser.find_element("id", "where").text
    browser.execute_script(
        "document.querySelector('svg .unit[data-name=\"A2.4\"]').focus()"
    )
    press(browser, Keys.ENTER)
    assert seen(browser, "#entry h2").startswith("h42")
    browser.find_element("css selector", "#results button").send_keys(Keys.ENTER)
    assert seen(browser, "#entry h2").startswith("h12")
    focused = browser.switch_to.active_element
    assert focused.get_attribute("data-name") == "A2.1"  # the focus stays where it was


@needs_browser
def test_a_screen_reader_finds_its_way(browser, pages) -> None:
    open_page(browser, pages["small"].as_uri())
    nodes = browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    named = [
        (node["role"]["value"], node.get("name", {}).get("value", ""))
        for node in nodes
        if not node.get("ignored")
    ]
    roles = [role for role, _ in named]
    assert {"main", "navigation", "combobox", "heading"} <= set(roles)
    assert all(
        words
        for role, words in named
        if role in ("button", "combobox", "navigation", "region")
    )
    assert any(
        "forward, layer 1: pre-activation" in words
        for role, words in named
        if role == "button"
    )
    assert ("button", "h^2_3 = 0.375066, ∂L/∂g^2_3 = -0.122933") in named
    assert ("button", "g^1_1 = 0.55, checked") in named
    live = browser.find_element("id", "entry").get_attribute("aria-live")
    assert live == "polite"
    assert any(role.lower().startswith("math") for role in roles)


@needs_browser
@pytest.mark.parametrize("name", ["small", "large"])
@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_page(browser, pages, name, width) -> None:
    for place in ("#bias-last/dW1", "#canonical/Z1", "#column-batch/W+2"):
        open_page(browser, "about:blank")
        open_page(browser, pages[name].as_uri() + place, width)
        assert (
            browser.execute_script("return document.documentElement.scrollWidth")
            <= width
        )
        outside = browser.execute_script(
            "return [...document.querySelectorAll('main *')].filter(e => !e.closest('.wide') && !e.closest('svg')"
            " && e.getBoundingClientRect().right > window.innerWidth + 1).map(e => e.outerHTML.slice(0, 80))"
        )
        assert outside == []


@needs_browser
def test_on_paper_every_number_stands(browser, pages) -> None:
    open_page(browser, pages["small"].as_uri())
    pdf = printed(browser)
    assert pdf.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) >= 4
    shown = browser.execute_script(
        "return document.querySelectorAll('#paper .item').length"
    )
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    between = (
        "getComputedStyle(document.querySelectorAll('#paper .item')[1]).borderTopStyle"
    )
    assert browser.execute_script(f"return {between}") == "dotted"
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert shown == 143  # of 147 numbers those that S4 has: f is its own activation


@needs_browser
def test_a_fault_planted_in_the_engine_turns_red(
    browser, monkeypatch, tmp_path
) -> None:
    fault = pull_back_with(weight_of=lambda delta, A: 1.001 * (delta.T @ A))
    replacer(monkeypatch)("pull_back", fault)
    made = explain()
    made.save(tmp_path / "faulty.html")
    open_page(browser, (tmp_path / "faulty.html").as_uri() + "#canonical/dW2/dW2.3.1")
    assert (
        "DISAGREE".lower()
        in browser.find_element("css selector", "#verdict.failed").text.lower()
    )
    red = browser.find_element("css selector", "#entry .wrong")
    assert "evaluated again" in red.text
    assert (
        browser.execute_script("return getComputedStyle(arguments[0]).color", red)
        == "rgb(179, 38, 30)"
    )
    assert len(browser.find_elements("css selector", "#results .wrong")) == 15
    assert "✗" in browser.find_element("css selector", '[data-step="dW2"]').text
    assert "✗" not in browser.find_element("css selector", '[data-step="D2"]').text


@needs_browser
def test_dark_and_light(browser, pages) -> None:
    def background(scheme):
        browser.execute_cdp_cmd(
            "Emulation.setEmulatedMedia",
            {"features": [{"name": "prefers-color-scheme", "value": scheme}]},
        )
        open_page(browser, pages["small"].as_uri())
        return browser.execute_script(
            "return getComputedStyle(document.body).backgroundColor"
        )

    assert background("dark") == "rgb(22, 24, 26)"
    assert background("light") == "rgb(255, 255, 255)"


@needs_browser
def test_a_sheet_to_fill_in_is_on_the_screen_as_on_paper(browser, tmp_path) -> None:
    from selenium.webdriver.support.ui import Select

    W = {1: [[2, -1, 0], [4, -1, -2]], "F": [[4, -8, 2]]}
    sheet = explain(x=[[1, 2]], y=[[1]], parameters=W, notation="S4", blank=True)
    sheet.save(tmp_path / "sheet.html")
    open_page(browser, (tmp_path / "sheet.html").as_uri(), 1280)
    for notation in ("bias-last", "canonical"):
        Select(browser.find_element("id", "notation")).select_by_value(notation)
        steps = sheet.steps_in(sheet.templates[notation])
        for kind in ("working", "blank"):
            widths = browser.execute_script(
                f"return [...document.querySelectorAll('#paper .{kind} span')].map(one => one.clientWidth)"
            )
            assert len(widths) == sum(len(step.entries) for step in steps)
            assert min(widths) > 100
        shown = seen(browser, "main")
        assert "=0.1" in shown.partition("forward")[0]  # the learning rate
        assert not any(word in shown for word in ("undefined", "NaN", "@", "✓"))
    click(browser, 'svg .unit[data-name="A1.2"]')  # there is nothing to follow
    assert printed(browser).startswith(b"%PDF")
    assert severe(browser) == []
