"""The explorer's page in a real browser: seen, clicked, dragged, by keyboard, on a phone, on paper, by axe-core."""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from chainrule import Network, explain, explore
from chainrule.explanation.spellings import SPELLINGS
from chainrule.show.explorer import Explorer, Server

from ..support.browser import (
    needs_browser,
    open_page,
    printed,
    requests_of,
    started_browser,
)

pytestmark = needs_browser

#: Addresses within the page, and of the browser's own parts.
OWN = ("data:", "about:", "blob:", "chrome:")
#: axe.min.js of the package axe-core of npm.
AXE = Path(os.environ.get("CHAINRULE_AXE") or "/nowhere")
needs_axe = pytest.mark.skipif(
    not AXE.is_file(), reason="CHAINRULE_AXE does not name axe-core's axe.min.js"
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    driver = started_browser(tmp_path_factory.mktemp("browser"))
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def made() -> Explorer:
    return explore()


@pytest.fixture(scope="module")
def page(made: Explorer, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("explorer") / "page.html"
    made.save(path)
    return path.as_uri()


def opened(browser: Any, page: str, width: int = 1280, height: int = 720) -> Any:
    """The page from its beginning, ready."""
    browser.get("about:blank")
    open_page(browser, page, width)
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {
            "width": width,
            "height": height,
            "deviceScaleFactor": 1,
            "mobile": width < 600,
        },
    )
    wait(browser, "return !!window.explorer")
    return browser


def wait(browser: Any, condition: str) -> None:
    for _ in range(200):
        if browser.execute_script(condition):
            return
        time.sleep(0.05)
    raise AssertionError(f"never: {condition}")


def choose(browser: Any, select: str, value: str) -> None:
    browser.execute_script(
        "const one = document.querySelector(arguments[0]); one.value = arguments[1];"
        "one.dispatchEvent(new Event('change', { bubbles: true }))",
        select,
        value,
    )


def click(browser: Any, selector: str) -> None:
    one = browser.find_element("css selector", selector)
    browser.execute_script("arguments[0].scrollIntoView({ block: 'center' })", one)
    one.click()


def text(browser: Any, selector: str) -> str:
    """The text of an element, without the spaces of MathML."""
    found = browser.find_element("css selector", selector)
    return re.sub(r"\s+", "", found.get_attribute("textContent"))


def box(browser: Any, selector: str) -> dict[str, float]:
    script = (
        "return document.querySelector(arguments[0]).getBoundingClientRect().toJSON()"
    )
    found: dict[str, float] = browser.execute_script(script, selector)
    return found


def severe(browser: Any) -> list[str]:
    log = browser.get_log("browser")
    return [one["message"] for one in log if one["level"] == "SEVERE"]


def test_the_page_opens_from_disk_and_asks_for_nothing(browser: Any, page: str) -> None:
    requests_of(browser)
    opened(browser, page)
    click(browser, "#epoch")
    asked = {one for one in requests_of(browser) if not one.startswith(OWN)}
    assert asked == {page}
    assert severe(browser) == []


def test_network_and_formula_are_seen_together(browser: Any, page: str) -> None:
    opened(browser, page)
    network, formula = box(browser, "#drawing"), box(browser, "#panel")
    assert network["right"] <= formula["left"] + 1
    assert network["bottom"] <= 720
    assert formula["top"] < 300
    assert box(browser, "#play")["bottom"] <= 720


@pytest.mark.parametrize("width", [390, 320, 768, 1280])
def test_nothing_is_wider_than_the_window(browser: Any, page: str, width: int) -> None:
    opened(browser, page, width)
    assert (
        browser.execute_script("return document.documentElement.scrollWidth") <= width
    )
    if width < 600:
        assert box(browser, "#formula")["top"] > box(browser, "#drawing")["bottom"]


def test_a_click_on_an_edge_or_a_unit_opens_its_formula(
    browser: Any, page: str
) -> None:
    opened(browser, page)
    click(browser, '#drawing text.weight[data-name="W1.2.1"]')
    assert text(browser, "#panel h2").startswith("W2,1[1]=−0.4")
    shown = "return document.querySelector('#steps').selectedOptions[0].textContent"
    assert browser.execute_script(shown) == "W^[1]_2,1: weight, given"
    click(browser, '#drawing [data-unit="2.1"]')
    assert text(browser, "#panel h2").startswith("A1[2]=0.82")
    assert "✓evaluatedagain" in text(browser, "#panel")
    click(browser, '#panel .num[data-name="Z2.1"]')
    assert text(browser, "#panel h2").startswith("Z1[2]=")


@pytest.mark.parametrize("notation", SPELLINGS)
def test_the_letters_of_a_notation_are_everywhere(
    browser: Any, page: str, notation: str
) -> None:
    opened(browser, page)
    choose(browser, "#notation", notation)
    letters = {
        "canonical": ("A", "W", "Δ"),
        "bias-first": ("a", "W", "δ"),
        "column-batch": ("A", "W", "Δ"),
        "constant-neuron": ("o", "w", "δ"),
        "flat-theta": ("a", "W", "∂L∂z"),
        "bias-last": ("h", "W", "g"),
    }[notation]
    legend = text(browser, "#legend")
    assert all(letter in legend for letter in letters)
    assert letters[0] in text(browser, "#drawing .heads")
    assert text(browser, "#edge-W").startswith(letters[1])
    assert severe(browser) == []


def test_numbers_in_the_page_are_those_of_explain(
    browser: Any, page: str, made: Explorer
) -> None:
    opened(browser, page)
    for _ in range(3):
        click(browser, "#epoch")
    start = next(one for one in made.payload["sets"] if one["id"] == "example")["start"]
    theta = browser.execute_script("return [...explorer.session.theta]")
    x, y = (
        browser.execute_script(f"return [...explorer.session.{name}]") for name in "XY"
    )
    network = Network(tuple(start["sizes"]), tuple(start["activations"]), start["loss"])
    from chainrule import Parameters

    shown = explain(
        network,
        np.reshape(x, (4, 2)),
        np.reshape(y, (4, 2)),
        parameters=Parameters(network.sizes, np.array(theta)),
        learning_rate=0.5,
    )
    script = """
        const [notation] = arguments, { session } = explorer;
        session.notation = notation;
        session.look();
        return Object.fromEntries(session.templates.steps.flatMap((step) => step.entries())
          .map((name) => [name, [session.shown.text(session.shown.formula(name), true),
            session.shown.rounded(session.moment.read(name))]]));
    """
    for name, template in shown.templates.items():
        found = browser.execute_script(script, name)
        expected = {
            one: [
                shown.in_text(template, shown.formula(template, one), numbers=True),
                shown.rounded(shown.value(one)),
            ]
            for step in shown.steps_in(template)
            for one in step.entries
        }
        assert found == expected


def test_training_goes_forward_and_back(browser: Any, page: str) -> None:
    opened(browser, page)
    before = browser.execute_script("return [...explorer.session.network.state()]")
    click(browser, "#step")
    click(browser, "#step")
    assert text(browser, "#where").startswith("step2,")
    after = browser.execute_script("return [...explorer.session.network.state()]")
    click(browser, "#back")
    click(browser, "#back")
    assert (
        browser.execute_script("return [...explorer.session.network.state()]") == before
    )
    scrub = "const s = document.querySelector('#scrub'); s.value = 2; s.dispatchEvent(new Event('input'))"
    browser.execute_script(scrub)
    assert (
        browser.execute_script("return [...explorer.session.network.state()]") == after
    )
    click(browser, "#play")
    wait(browser, "return explorer.session.network.steps > 10")
    click(browser, "#play")
    steps = browser.execute_script("return explorer.session.network.steps")
    assert text(browser, "#where").startswith(f"step{steps},")


def test_a_value_that_is_changed_moves_the_numbers_and_is_undone(
    browser: Any, page: str
) -> None:
    opened(browser, page)
    loss = browser.execute_script("return explorer.session.moment.trace.J")
    browser.execute_script("explorer.choose('W1.1.1')")
    browser.execute_script(
        "const s = document.querySelector('#adjust-slider'); s.value = 1.5;"
        "for (const type of ['input', 'change']) s.dispatchEvent(new Event(type, { bubbles: true }))"
    )
    assert (
        browser.execute_script("return explorer.session.moment.read('W1.1.1')") == 1.5
    )
    assert browser.execute_script("return explorer.session.moment.trace.J") != loss
    click(browser, "#undo")
    assert browser.execute_script("return explorer.session.moment.trace.J") == loss


def test_an_edge_is_dragged(browser: Any, page: str) -> None:
    from selenium.webdriver.common.action_chains import ActionChains

    opened(browser, page)
    edge = browser.find_element(
        "css selector", '#drawing text.weight[data-name="W2.1.1"]'
    )
    ActionChains(browser).click_and_hold(edge).move_by_offset(0, -40).move_by_offset(
        0, -40
    ).release().perform()
    assert browser.execute_script(
        "return explorer.session.moment.read('W2.1.1')"
    ) == pytest.approx(1.6, abs=0.05)
    assert text(browser, "#panel h2").startswith("W1,1[2]=1.6")


@pytest.mark.parametrize(
    ("select", "value"),
    [
        ("#optimizer", "adam"),
        ("#rate", "0.01"),
        ("#activation", "relu"),
        ("#batch-rows", "2"),
        ("#l2", "0.1"),
        ("#l1", "0.1"),
        ("#dropout", "0.5"),
        ("#seed", "7"),
    ],
)
def test_a_setting_is_changed_and_every_formula_stays_right(
    browser: Any, page: str, select: str, value: str
) -> None:
    opened(browser, page)
    choose(browser, select, value)
    click(browser, "#step")
    wrong = browser.execute_script("""
        const { session } = explorer, wrong = [];
        session.look();
        for (const step of session.templates.steps) for (const name of step.entries()) {
          const value = session.moment.read(name), again = session.shown.again(name);
          if (!(Math.abs(value - again) <= 1e-9 * Math.max(1, Math.abs(value)))) wrong.push([name, value, again]);
        }
        return wrong;
    """)
    assert wrong == []
    assert severe(browser) == []
    click(browser, "#undo")
    assert browser.execute_script("return explorer.session.network.steps") == 0


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("rate", ""),
        ("rate", "-1"),
        ("batch-rows", "2.5"),
        ("dropout", "1"),
        ("seed", "1e30"),
    ],
)
def test_a_setting_that_is_none_is_refused_and_nothing_changes(
    browser: Any, page: str, setting: str, value: str
) -> None:
    opened(browser, page)
    field = browser.find_element("css selector", f"#{setting}")
    before = field.get_attribute("value")
    browser.execute_script("arguments[0].scrollIntoView()", field)
    choose(browser, f"#{setting}", value)
    assert box(browser, ".top")["bottom"] <= box(browser, "#trouble")["top"] + 1
    assert "allowed: a" in browser.find_element("css selector", "#trouble").text
    assert field.get_attribute("value") == before
    assert not browser.execute_script("return explorer.session.undone.length")


def test_typed_numbers_are_shown_as_they_were_typed(browser: Any, page: str) -> None:
    """0.1 of a sheet is 0.1, though the engine trains 0.1 rounded to float32."""
    opened(browser, page)
    fill = "for (const [id, value] of arguments[0]) document.getElementById(id).value = value"
    typed = [
        ["build-sizes", "2-1"],
        ["build-output", "identity"],
        ["build-loss", "squared_error"],
        ["build-rows", "0.1 0.2; 0.7"],
        ["build-weights", "W[1] = [0.3 0.4] b[1] = [0.05]"],
    ]
    browser.execute_script(fill, typed)
    click(browser, "#build button")
    wait(browser, "return explorer.session.sizes.length === 2")
    read = "return explorer.session.moment.read(arguments[0])"
    assert browser.execute_script(read, "W1.1.2") == 0.4
    assert browser.execute_script(read, "Z1.1") == 0.1 * 0.3 + 0.2 * 0.4 + 0.05
    click(browser, "#step")
    assert browser.execute_script(read, "A0.1") == 0.1
    assert browser.execute_script(read, "W1.1.2") == np.float32(
        browser.execute_script(read, "W1.1.2")
    )
    click(browser, "#again")
    assert browser.execute_script(read, "W1.1.2") == 0.4


def test_a_network_is_built_and_bad_ones_are_refused(browser: Any, page: str) -> None:
    opened(browser, page)
    fill = "for (const [id, value] of arguments[0]) document.getElementById(id).value = value"
    typed = [
        ["build-sizes", "2, 4, 3, 1"],
        ["build-hidden", "sigmoid"],
        ["build-output", "identity"],
        ["build-loss", "squared_error"],
        ["build-rows", "0 1; 1\n1 1; 0"],
    ]
    browser.execute_script(fill, typed)
    click(browser, "#build button")
    wait(browser, "return explorer.session.sizes.length === 4")
    assert browser.execute_script("return [...explorer.session.X]") == [0, 1, 1, 1]
    bad = [
        ("build-rows", "0 1; 1\n1 1; 1e999", "Line 2 of the rows, “1 1; 1e999”"),
        ("build-rows", "0 1; 1; 1", "Line 1 of the rows"),
        ("build-rows", "0,5 1; 1", "with decimal points"),
        ("build-sizes", "2, 2.5, 1", "Units “2, 2.5, 1”"),
        ("build-sizes", "2", "two or more widths"),
        ("build-weights", "W[1] = [1e60]", "rows of 2 numbers"),
    ]
    for identity, value, words in bad:
        kept = browser.execute_script(
            "return document.getElementById(arguments[0]).value", identity
        )
        browser.execute_script(fill, [[identity, value]])
        click(browser, "#build button")
        wait(browser, "return document.querySelector('#build-trouble').textContent")
        assert words in browser.find_element("css selector", "#build-trouble").text
        browser.execute_script(fill, [[identity, kept]])
    browser.execute_script(fill, [["build-rows", "0 1; 1\n1; 0"]])
    click(browser, "#build button")
    wait(browser, "return document.querySelector('#build-trouble').textContent")
    assert "Line2oftherows" in text(browser, "#build-trouble")
    browser.execute_script(
        fill,
        [["build-rows", ""], ["build-output", "tanh"], ["build-loss", "cross_entropy"]],
    )
    click(browser, "#build button")
    wait(
        browser,
        "return document.querySelector('#build-trouble').textContent.includes('do not fit')",
    )


#: The network of docs/worked_notations.md, typed as each document has it.
TYPED = {
    "canonical": "W[1] = [2 -1; 4 -1] b[1] = [0 -2] W[2] = [4 -8] b[2] = [2]",
    "bias-first": "W^[1] = [0 2 -1; -2 4 -1]  W^[2] = [2 4 -8]",
    "column-batch": "W^(1) = [2 -1; 4 -1]  b^(1) = [0; -2]  W^(2) = [4 −8]  b^(2) = [2]",
    "constant-neuron": "w^0 = [1 0 -2; 0 2 4; 0 -1 -1]  w^1 = [1 2; 0 4; 0 -8]",
    "flat-theta": "W^[2] = [2 -1; 4 -1] b^[2] = [0; -2] W^[3] = [4 -8] b^[3] = [2]",
    "bias-last": "W^1 = [2 -1 0; 4 -1 -2] W^F = [4 -8 2]",
}
#: And as it may be typed, too: in other letters or numbers of the document, as in Python, with fractions.
TYPED_OTHERWISE = {
    "canonical": "W1 = [[4/2, -1], [4, −1]], b1 = [0, -2]; W2 = [4 -8] b2 = [2]",
    "flat-theta": "W^[1] = [2 -1; 4 -1] b^[1] = [0 -2] W^[2] = [4 -8] b^[2] = [2]",
    "bias-last": "V = [2 -1 0; 4 -1 -2] W = [4 -8 2]",
}
THETA = "n = [2 2 1] theta = [2 -1 4 -1 4 -8 0 -2 2]"
#: What is wrong of S3's arrays, and what the message has.
MISTYPED = [
    (THETA.replace("2 1]", "3 1]"), "n = [2 3 1]; allowed: 2 2 1"),
    (THETA.replace(" 2]", "]"), "θ of 8 numbers; allowed: 9"),
    ("W^[2] = [2,0 -1; 4 -1]", "write decimal points"),
    ("W^[1] = [2 -1; 4 -1] b^[3] = [0 -2]", "W^[1], b^[1], W^[2], b^[2]; or θ"),
    ("W^[2] = [2 -1; 4 -1] W^[2] = [2 -1; 4 -1]", "W^[2] twice"),
    (f"{TYPED['flat-theta']} b", "“b”"),
]


@pytest.mark.parametrize("notation", SPELLINGS)
def test_weights_are_typed_in_the_letters_of_a_notation(
    browser: Any, page: str, notation: str
) -> None:
    opened(browser, page)
    choose(browser, "#notation", notation)
    fill = "for (const [id, value] of arguments[0]) document.getElementById(id).value = value"
    typed = [
        ["build-sizes", "2, 2, 1"],
        ["build-hidden", "sigmoid"],
        ["build-output", "sigmoid"],
        ["build-loss", "squared_error"],
        ["build-rows", "1 2; 1"],
        ["build-weights", TYPED[notation]],
    ]
    browser.execute_script(fill, typed)
    click(browser, "#build button")
    wait(browser, "return explorer.session.settings.data.id === 'typed'")
    theta = browser.execute_script("return [...explorer.session.theta]")
    assert theta == [2, -1, 4, -1, 4, -8, 0, -2, 2]
    assert browser.find_element("css selector", "#build-trouble").text == ""
    others = [TYPED_OTHERWISE[notation]] if notation in TYPED_OTHERWISE else []
    refused = [("Q = [1 2]", "array Q")]
    if notation == "flat-theta":
        others.append(THETA)
        refused += MISTYPED
    submit = "document.querySelector('#build').requestSubmit()"
    for number, typed_weights in enumerate(others):
        browser.execute_script("explorer.session.setParameter('b2.1', 7)")
        browser.execute_script(fill, [["build-weights", typed_weights]])
        browser.execute_script(submit)
        wait(browser, f"return explorer.session.undone.length === {2 + number}")
        assert browser.execute_script("return [...explorer.session.theta]") == theta
    for typed_weights, words in refused:
        browser.execute_script(fill, [["build-weights", typed_weights]])
        browser.execute_script(submit)
        said = "return document.querySelector('#build-trouble').textContent"
        wait(browser, said)
        assert words in browser.execute_script(said)


def test_what_was_built_and_trained_is_not_lost(browser: Any, page: str) -> None:
    """By what is refused, by the walk, by a choice of data; and what took its place is undone."""
    opened(browser, page)
    choose(browser, "#notation", "flat-theta")
    fill = "for (const [id, value] of arguments[0]) document.getElementById(id).value = value"
    right = TYPED["flat-theta"]
    typed = [
        ["build-sizes", "2, 2, 1"],
        ["build-rows", "1 2; 1"],
        ["build-output", "sigmoid"],
        ["build-loss", "squared_error"],
        ["build-weights", right],
    ]
    state = """
        const { session, state } = explorer, { past, at, row, undone, typedTheta, notation, settings } = session;
        const fields = [...document.querySelectorAll('#data, #build input, #build select, #build textarea')];
        return JSON.stringify([past.map((one) => [...one.state]), at, row, undone.map((one) => one.what),
          [...typedTheta], notation, settings, state.entry, state.step, state.axes, fields.map((one) => one.value)]);
    """
    browser.execute_script(fill, typed)
    click(browser, "#build button")
    wait(browser, "return explorer.session.settings.data.id === 'typed'")
    click(browser, "#step")
    browser.execute_script("explorer.choose('dW1.1.2')")
    kept = browser.execute_script(state)
    refused = [
        ("build-weights", right.replace("W^[3]", "W^[9]"), right),
        ("build-sizes", "2, 3, 1", "2, 2, 1"),
    ]
    for field, wrong, good in refused:
        browser.execute_script(fill, [[field, wrong]])
        browser.execute_script(
            "scrollTo(0, 0); document.querySelector('#build').requestSubmit()"
        )
        wait(browser, "return document.querySelector('#build-trouble').textContent")
        seen = box(browser, "#build-trouble")
        assert 0 <= seen["top"] < seen["bottom"] <= 720  # of the window
        focus = browser.execute_script("return document.activeElement.id")
        assert focus == "build-weights"
        browser.execute_script(fill, [[field, good]])
        assert browser.execute_script(state) == kept
    click(browser, "#walk")
    click(browser, "#step")
    assert browser.execute_script(state) != kept
    click(browser, "#guide-end")
    assert browser.execute_script(state) == kept
    choose(browser, "#data", "xor")
    choose(browser, "#data", "typed")
    theta = browser.execute_script("return [...explorer.session.theta]")
    assert theta == [2, -1, 4, -1, 4, -8, 0, -2, 2]
    click(browser, "#undo")
    click(browser, "#undo")
    assert browser.execute_script(state) == kept
    click(browser, "#undo")
    assert browser.execute_script("return explorer.session.sizes") == [2, 3, 2]


@pytest.mark.parametrize(
    "notation", [name for name in SPELLINGS if name != "canonical"]
)
def test_five_clicks_show_why_a_weight_moved(
    browser: Any, page: str, notation: str
) -> None:
    opened(browser, page)
    choose(browser, "#notation", notation)
    click(browser, "#walk")
    assert (
        browser.execute_script("return explorer.session.settings.data.id")
        == f"worked-{notation}"
    )
    for _ in range(4):
        click(browser, "#guide-next")
    assert "5of5" in text(browser, "#guide-text")
    assert browser.execute_script("return explorer.state.entry") == "W+1.1.2"
    moved = browser.execute_script("return explorer.session.moment.read('W+1.1.2')")
    factor = {"column-batch": 2, "bias-last": 16 / 64}.get(notation, 1)
    assert moved == pytest.approx(
        -1 + 0.25 * factor
    )  # by hand: docs/worked_notations.md


def test_a_digit_is_drawn_and_goes_through(browser: Any, page: str) -> None:
    from selenium.webdriver.common.action_chains import ActionChains

    opened(browser, page)
    choose(browser, "#data", "digits")
    click(browser, "#wipe")
    row = "explorer.session.X.subarray(explorer.session.row * 64, explorer.session.row * 64 + 64)"
    assert browser.execute_script(f"return {row}.every((v) => v === 0)")
    pad = browser.find_element("css selector", "#pad")
    browser.execute_script("arguments[0].scrollIntoView({ block: 'center' })", pad)
    ActionChains(browser).move_to_element(pad).click_and_hold().move_by_offset(
        0, 40
    ).release().perform()
    assert browser.execute_script(f"return Math.max(...{row}) > 0.5")
    assert len(browser.find_elements("css selector", "#guess li")) == 10
    assert severe(browser) == []


def test_a_state_is_a_link(browser: Any, page: str) -> None:
    opened(browser, page)
    for _ in range(3):
        click(browser, "#step")
    theta = browser.execute_script("return [...explorer.session.theta]")
    browser.execute_script("explorer.state.edges = 'dW'; explorer.choose('A1.3')")
    click(browser, "#panel [data-freeze]")
    browser.execute_script("document.querySelector('#share').open = true")
    click(browser, "#link")
    wait(browser, "return location.hash.length > 10")
    link = browser.execute_script("return location.href")
    opened(browser, link)
    assert browser.execute_script("return [...explorer.session.theta]") == theta
    assert browser.execute_script("return explorer.state.edges") == "dW"
    assert text(browser, "#panel h2").startswith("A3[1]=")
    assert browser.execute_script("return [...explorer.session.held]") == ["1.3"]
    other = base64.b64encode(
        b'{"data": "example", "notation": "<b>", "sizes": [2, 3, 2]}'
    )
    for damaged in ("damaged", base64.b64encode(b"{}").decode(), other.decode()):
        opened(browser, f"{page}#s={damaged}")
        assert browser.find_element("css selector", "#trouble").text
        assert browser.execute_script("return explorer.session.sizes") == [2, 3, 2]
    opened(browser, f"{page}#s=damaged")
    assert "cannot be opened" in browser.find_element("css selector", "#trouble").text


def test_everything_by_keyboard(browser: Any, page: str) -> None:
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    opened(browser, page)

    def press(*keys: str) -> None:
        for key in keys:
            ActionChains(browser).send_keys(key).perform()

    browser.execute_script(
        "document.querySelector('#drawing [data-unit=\"0.1\"]').focus()"
    )
    press(Keys.ARROW_RIGHT, Keys.ARROW_DOWN, Keys.ENTER)
    assert browser.execute_script("return explorer.state.entry") == "A1.2"
    reached = set()
    browser.execute_script("document.activeElement.blur(); window.scrollTo(0, 0)")
    for _ in range(80):
        press(Keys.TAB)
        reached.add(browser.execute_script("return document.activeElement.id"))
    wanted = {
        "data",
        "notation",
        "walk",
        "row",
        "back",
        "play",
        "step",
        "epoch",
        "scrub",
        "steps",
        "optimizer",
        "rate",
        "h",
        "build-rows",
    }
    assert wanted - {"back"} <= reached
    browser.execute_script("document.querySelector('#step').focus()")
    press(Keys.SPACE)
    assert text(browser, "#where").startswith("step1,")
    browser.execute_script("document.querySelector('#walk').focus()")
    press(*[Keys.ENTER] * 5)
    assert browser.execute_script("return explorer.state.entry") == "W+1.1.2"
    press(Keys.ENTER)  # at the end of the walk, on Close
    assert not browser.find_element("css selector", "#guide").is_displayed()


def test_paper_has_network_and_formula(browser: Any, page: str) -> None:
    opened(browser, page)
    browser.execute_script("explorer.choose('dW1.1.2')")
    assert printed(browser).startswith(b"%PDF")


def test_labels_of_weights_do_not_lie_on_each_other(browser: Any, page: str) -> None:
    opened(browser, page)
    for name in ("example", "xor", "iris", "worked-bias-last"):
        choose(browser, "#data", name)
        boxes = browser.execute_script(
            "const all = document.querySelectorAll('#drawing text.weight, #drawing .bias, #drawing .back');"
            "return [...all].map((one) => {"
            "const { left, right, top, bottom } = one.getBoundingClientRect();"
            "return [left, right, top + 2, bottom - 2, one.textContent] })"
        )
        over = [
            (a[4], b[4])
            for i, a in enumerate(boxes)
            for b in boxes[i + 1 :]
            if a[0] < b[1] and b[0] < a[1] and a[2] < b[3] and b[2] < a[3]
        ]
        assert over == [], name


def test_the_drawing_has_three_digits_of_numbers_below_0_too(
    browser: Any, page: str
) -> None:
    """And none is wider than what it stands in."""
    opened(browser, page)
    browser.execute_script("""
        const { session } = explorer;
        session.setInput(1, -0.0074612);
        session.setParameter("b1.1", -0.00746796);
        session.setParameter("W1.1.1", -0.000746796);
        explorer.render();
    """)
    drawn = {
        '.unit[data-name="A0.1"]': "−0.00746",
        '.bias[data-name="b1.1"]': "−0.00747",
        '.weight[data-name="W1.1.1"]': "−7.47e−4",
    }
    for place, number in drawn.items():
        shown = browser.execute_script(
            "const one = document.querySelector(`#drawing ${arguments[0]}`), text = one.querySelector('text') ?? one;"
            "const around = (one.querySelector('circle, rect') ?? one).getBoundingClientRect();"
            "return [text.textContent, text.getBoundingClientRect().width <= around.width]",
            place,
        )
        assert shown == [number, True]


#: Data, what is chosen, and where: an equation, a gradient, a boundary, a pixel; two of them with the walk open.
SEEN = [
    ("example", "", 1280),
    ("iris", "dW1.1.2", 1280),
    ("spirals", "D2.3", 768),
    ("digits", "A0.20", 390),
    ("worked-bias-last", "walk", 1280),
    ("example", "walk", 320),
]


@needs_axe
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("data", "entry", "width"), SEEN)
def test_axe_finds_no_violation(
    browser: Any, page: str, data: str, entry: str, width: int, scheme: str
) -> None:
    opened(browser, page, width)
    browser.execute_script(
        "document.documentElement.dataset.scheme = arguments[0]", scheme
    )
    choose(browser, "#data", data)
    if entry == "walk":
        click(browser, "#walk")
    elif entry:
        browser.execute_script("explorer.choose(arguments[0])", entry)
    else:
        browser.execute_script("document.querySelector('#share').open = true")
    browser.execute_script(AXE.read_text("utf-8"))
    found = browser.execute_async_script(
        "const done = arguments[0]; axe.run().then((all) => done(JSON.stringify(all.violations.map((v) =>"
        "[v.id, v.nodes.map((n) => [n.target.join(' '), n.failureSummary])]))))"
    )
    assert json.loads(found) == []


def test_a_model_of_ones_own_is_shown(browser: Any, tmp_path: Path) -> None:
    network = Network((3, 4, 2), ("relu", "softmax"), "cross_entropy")
    rng = np.random.default_rng(0)
    made = explore(
        network,
        rng.standard_normal((20, 3)),
        rng.integers(0, 2, 20),
        parameters=network.init(0),
        names=["width", "height", "depth"],
        classes=["<small>", "large"],
        batch_rows=8,
    )
    made.save(tmp_path / "own.html")
    opened(browser, (tmp_path / "own.html").as_uri())
    drawn = browser.find_element("css selector", "#drawing").get_attribute(
        "textContent"
    )
    assert {"width", "<small>"} <= set(re.findall(r"width|<small>", drawn))
    click(browser, "#epoch")
    assert browser.execute_script("return explorer.session.network.steps") == 3
    assert severe(browser) == []


def test_a_served_page_builds_a_deeper_network(browser: Any, made: Explorer) -> None:
    with Server(made) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            opened(browser, server.address)
            fill = "for (const [id, value] of arguments[0]) document.getElementById(id).value = value"
            typed = [["build-sizes", "2, 3, 3, 3, 3, 3, 2"]]
            browser.execute_script(fill, typed)
            requests_of(browser)
            click(browser, "#build button")
            wait(browser, "return explorer.session.sizes.length === 7")
            asked = [one.split("?")[0] for one in requests_of(browser)]
            assert asked == [server.address.split("?")[0] + "tables"]
            assert severe(browser) == []
        finally:
            browser.get("about:blank")
            server.shutdown()
            thread.join()


@pytest.mark.skipif(
    importlib.util.find_spec("anywidget") is None, reason="no anywidget here"
)
def test_a_notebook_widget_is_drawn(
    browser: Any, made: Explorer, tmp_path: Path
) -> None:
    """The module that a notebook loads, rendered as anywidget's front end does."""
    from selenium.webdriver.common.action_chains import ActionChains

    page = tmp_path / "notebook.html"
    page.write_text("<!DOCTYPE html><title>notebook</title><div id=out></div>")
    browser.get(page.as_uri())
    browser.execute_async_script(
        "const [text, done] = arguments;"
        "import(URL.createObjectURL(new Blob([text], { type: 'text/javascript' })))"
        ".then((made) => { made.default.render({ model: null, el: document.getElementById('out') }); done() })",
        made.widget()._esm,
    )
    wait(browser, "return !!document.querySelector('iframe')?.explorer")
    browser.switch_to.frame(0)
    click(browser, "#step")
    assert text(browser, "#where").startswith("step1,")
    click(browser, "#scheme")
    schemes = "return [document, parent.document].map((of) => of.documentElement.dataset.scheme)"
    assert browser.execute_script(schemes) == ["dark", None]
    edge = '#drawing text.weight[data-name="W2.1.1"]'
    ActionChains(browser).click_and_hold(
        browser.find_element("css selector", edge)
    ).move_by_offset(0, -40).move_by_offset(0, -40).release().perform()
    assert text(browser, "#panel h2").startswith("W1,1[2]=1.")
    browser.switch_to.default_content()
    assert severe(browser) == []


def test_drawings_and_formulas_are_taken_along(
    browser: Any, page: str, tmp_path: Path
) -> None:
    browser.execute_cdp_cmd(
        "Browser.setDownloadBehavior",
        {"behavior": "allow", "downloadPath": str(tmp_path)},
    )
    opened(browser, page)
    browser.execute_script("explorer.choose('Z1.1')")
    for button, name in (
        ("svg", "network.svg"),
        ("png", "network.png"),
        ("latex", "formula.tex"),
    ):
        click(browser, "#share summary")
        click(browser, f"#{button}")
        wait(browser, "return !document.querySelector('#share').open")
        assert text(browser, "#share summary") == f"{name}saved"
        for _ in range(100):
            if (tmp_path / name).is_file() and (tmp_path / name).stat().st_size:
                break
            time.sleep(0.05)
    assert ElementTree.parse(tmp_path / "network.svg").getroot().tag.endswith("svg")
    assert (tmp_path / "network.png").read_bytes().startswith(b"\x89PNG")
    formula = (tmp_path / "formula.tex").read_text("utf-8")
    assert r"0.5 \cdot 0.5 + (-1) \cdot (-0.3) + 0.1" in formula
    click(browser, "#share summary")
    click(browser, "#title")
    assert not browser.execute_script("return document.querySelector('#share').open")
