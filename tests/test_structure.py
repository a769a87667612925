"""What the source promises to a reader: imports that point one way, equations numbered, no autodiff."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

import chainrule

SOURCE = Path(chainrule.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))
#: The mathematics, each importing only what stands above it.
MATHEMATICS = [
    "errors",
    "arrays",
    "draws",
    "initializers",
    "activation_types",
    "activations",
    "loss_types",
    "losses",
    "own_functions",
    "network_drawing",
    "network",
    "forward_pass",
    "backward_pass",
    "gradient_check",
]
STANDARD = {
    *(
        "__future__",
        "abc",
        "collections",
        "dataclasses",
        "enum",
        "functools",
        "itertools",
        "math",
    ),
    *("difflib", "html", "numbers", "sys", "types", "typing"),
}
OUTSIDE = {"numpy": None, "array_api_compat": None, "scipy": "arrays", "jax": "arrays"}


def imports(path: Path) -> list[tuple[str, int]]:
    """(module as written, number of leading dots) of every import, also inside functions."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(alias.name, 0) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.append((node.module, node.level))
        elif isinstance(node, ast.ImportFrom):
            found += [(alias.name, node.level) for alias in node.names]
    return found


@pytest.mark.parametrize("name", MATHEMATICS)
def test_the_mathematics_imports_only_what_stands_above_it(name: str) -> None:
    above = MATHEMATICS[: MATHEMATICS.index(name)]
    for module, level in imports(SOURCE / f"{name}.py"):
        root = module.split(".")[0]
        if level or root == "chainrule":
            assert module.removeprefix("chainrule.") in above, (
                f"{name} imports {module}"
            )
        elif root in OUTSIDE:
            assert OUTSIDE[root] in (None, name), f"{name} imports {module}"
        else:
            assert root in STANDARD, f"{name} imports {module}"


def test_no_module_imports_itself_through_others() -> None:
    graph = {}
    for path in FILES:
        name = ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(
            ".__init__"
        )
        package = path.relative_to(SOURCE).parts[:-1]
        graph[name] = set()
        # imports inside functions are what breaks a cycle at import time: only the module's own level
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ImportFrom) and node.level:
                base = ".".join(package[: len(package) - node.level + 1])
                targets = (
                    [node.module]
                    if node.module
                    else [alias.name for alias in node.names]
                )
                graph[name] |= {f"{base}.{target}".strip(".") for target in targets}
    state: dict[str, str] = {}

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert state.get(name) != "open", f"a cycle: {' → '.join((*path, name))}"
        if name in state or name not in graph:
            return
        state[name] = "open"
        for target in sorted(graph[name]):
            visit(target, (*path, name))
        state[name] = "done"

    for name in graph:
        visit(name, ())


def test_no_module_bears_the_name_of_something_public() -> None:
    # else `chainrule.loss` would be a function or a module, whichever was imported last
    modules = {p.stem for p in SOURCE.glob("*.py")} | {
        p.name for p in SOURCE.iterdir() if p.is_dir()
    }
    assert modules & set(chainrule.__all__) == set()


AUTODIFF = re.compile(
    r"autograd|GradientTape|requires_grad|jax\.(grad|vjp|jvp|value_and_grad|jacfwd|jacrev)|\.backward\(\)|functorch"
)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_there_is_no_automatic_differentiation(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert AUTODIFF.search(text) is None
    roots = {module.split(".")[0] for module, level in imports(path) if not level}
    assert not roots & {"torch", "tensorflow", "autograd", "tinygrad"}
    assert "jax" not in roots or path.stem == "arrays"


def test_the_search_for_automatic_differentiation_finds_it() -> None:
    for text in (
        "torch.autograd.grad(f)",
        "jax.grad(f)",
        "with tf.GradientTape():",
        "J.backward()",
        "x.requires_grad",
    ):
        assert AUTODIFF.search(text)


@pytest.mark.parametrize(
    "number", ["F0", "F1", "F2", "J1", "J2", "B1", "B2", "B3", "B4", "U1"]
)
def test_every_equation_stands_beside_its_line(number: str) -> None:
    beside = re.compile(rf"\S  # (.*\W)?{number}\b")
    places = [
        p.stem
        for p in FILES
        for line in p.read_text(encoding="utf-8").splitlines()
        if beside.search(line)
    ]
    home = {"F": "forward_pass", "J": "forward_pass", "B": "backward_pass"}
    if number == "U1":
        assert places
    elif number == "B1":
        assert {"backward_pass", "forward_pass", "loss_types"} & set(places)
    else:
        assert home[number[0]] in places


@pytest.mark.parametrize("name", [n for n in chainrule.__all__ if n != "__version__"])
def test_every_public_name_is_there_and_documented(name: str) -> None:
    value = getattr(chainrule, name)
    assert name in dir(chainrule)
    if isinstance(value, Mapping):  # a table has a comment that Sphinx reads
        home = SOURCE / f"{chainrule._HOME[name]}.py"
        assert re.search(
            rf"^#: .+\n{name}\b", home.read_text(encoding="utf-8"), flags=re.MULTILINE
        )
    else:
        # not the signature that a dataclass gets for want of a docstring
        assert value.__doc__.strip()
        assert not value.__doc__.startswith(f"{name}(")


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_every_module_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonesuch'"):
        _ = chainrule.nonesuch
