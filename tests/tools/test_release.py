"""What a release states of itself: one version everywhere, and links that lead somewhere from outside of the tree."""

from __future__ import annotations

import re
import runpy
import tomllib
from pathlib import Path

import pytest

import chainrule

pytestmark = pytest.mark.quick

ROOT = Path(__file__).parents[2]
HOME, TAG = "https://example.org/someone/chainrule", "v1"
TOOL = runpy.run_path(str(ROOT / "tools/name_home"), run_name="name_home")


def text_of(name):
    return (ROOT / name).read_text(encoding="utf-8")


def test_one_version_and_one_date():
    newest = re.findall(r"^## \[(\d.*)\] - (.*)$", text_of("CHANGELOG.md"), re.M)[0]
    citation = dict(
        re.findall(r"^(version|date-released): (.*)$", text_of("CITATION.cff"), re.M)
    )
    assert newest == (citation["version"], citation["date-released"])
    assert newest[0] == chainrule.__version__


def test_each_link_of_the_readme_is_an_address_or_a_file():
    # in a release the README has addresses already
    links = re.findall(r"\]\(([^)]*)\)", text_of("README.md"))
    assert len(links) > 20
    inside = [link for link in links if not link.startswith("https://")]
    assert all((ROOT / link.partition("#")[0]).is_file() for link in inside)
    written = re.findall(
        r"\]\(([^)]*)\)", TOOL["readme_of"](text_of("README.md"), HOME, TAG)
    )
    assert len(written) == len(links)
    assert all(link.startswith("https://") for link in written)


def test_paths_become_addresses_of_the_tag_and_all_else_stays():
    text = "[a](https://example.org/a) [b](#b) [c](docs/c.md#c) ![d](d.svg)"
    assert TOOL["readme_of"](text, HOME, TAG) == (
        f"[a](https://example.org/a) [b](#b) [c]({HOME}/blob/{TAG}/docs/c.md#c) "
        f"![d]({HOME}/raw/{TAG}/d.svg)"
    )


def test_the_project_gets_its_addresses_and_keeps_the_rest():
    text = text_of("pyproject.toml")
    home, _, rest = text.partition("[project.urls]\n")  # of a release
    text = home + rest[rest.find("[project.scripts]") :] if rest else text
    before = tomllib.loads(text)
    after = tomllib.loads(TOOL["project_of"](text, HOME, TAG))
    urls = after["project"].pop("urls")
    assert urls["Source"] == HOME
    assert all(address.startswith(HOME) for address in urls.values())
    assert after == before
