"""The promises of the source to a reader: imports that point one way, equations numbered, no autodiff."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Mapping
from graphlib import TopologicalSorter
from pathlib import Path
from types import ModuleType

import pytest

import chainrule

pytestmark = pytest.mark.quick

SOURCE = Path(chainrule.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))
#: The rooms of the library: each imports only those before it.
ORDER = (
    *("renamed", "printable", "arguments", "errors", "progress"),
    *("equations", "optimizers", "engines"),
    *(
        "files",
        "data",
        "training",
        "documents",
        "explanation",
        "estimators",
        "interchange",
        "show",
    ),
    *("cli", "__main__"),
    # the namespaces, for users only; that of the optimizers is their folder
    *("activations", "losses", "initializers", "schedules", "metrics"),
)
#: The imports that run the other way: an object that shows itself.
UPWARDS = {("equations.network", "show"), ("training.report", "show")}
UPWARDS |= {("estimators.regressor", "show"), ("estimators.tabular.looking", "show")}
UPWARDS |= {("files.exportable", "interchange")}
#: Whatever the mathematics takes from outside, and the one module that may, if only one.
OUTSIDE = {"numpy": None, "array_api_compat": None, "scipy": "arrays", "jax": "arrays"}


def module_name(path: Path) -> str:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


MODULES = {
    module_name(path): path
    for path in FILES
    if path.parent != SOURCE or path.stem != "__init__"
}


def imports(path: Path) -> set[str]:
    """What a file imports, also inside functions: modules of ours as `room.module`, others by name."""
    package = ["chainrule", *path.relative_to(SOURCE).parts[:-1]]
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *filter(None, [node.module])])
            names = {f"{module}.{alias.name}" for alias in node.names}
            ours = {name.removeprefix("chainrule.") for name in names} & set(MODULES)
            found |= ours or {module.removeprefix("chainrule.")}
    return found - {"chainrule"}


def offered(tree: ast.Module) -> set[str]:
    """The names in a module's `__all__`."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return {
                name.value
                for name in ast.walk(node.value)
                if isinstance(name, ast.Constant)
            }
    return set()


def taken(tree: ast.Module, package: list[str]) -> set[tuple[str, str]]:
    """Module and name of what a file of this package takes from others: imported, or read of an imported module."""
    found, modules = set(), {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = [*package[: len(package) - node.level + 1], node.module]
            for alias in node.names:
                module = ".".join(filter(None, base))
                if f"{module}.{alias.name}".strip(".") in MODULES:
                    whole = f"{module}.{alias.name}".strip(".")
                    modules[alias.asname or alias.name] = whole
                else:
                    found.add((module, alias.name))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module = modules.get(node.value.id)
            if module and f"{module}.{node.attr}" not in MODULES:
                found.add((module, node.attr))
    return found


@pytest.fixture(scope="module")
def offers() -> dict[str, set[str]]:
    """Module → the names that others may take; "" is the package."""
    paths = {**MODULES, "": SOURCE / "__init__.py"}
    return {
        name: offered(ast.parse(path.read_text(encoding="utf-8")))
        for name, path in paths.items()
    } | {"": {*chainrule.__all__}}


@pytest.mark.parametrize("name", MODULES)
def test_no_module_takes_what_another_does_not_offer(
    name: str, offers: dict[str, set[str]]
) -> None:
    path = MODULES[name]
    package = [*path.relative_to(SOURCE).parts[:-1]]
    found = taken(ast.parse(path.read_text(encoding="utf-8")), package)
    assert {
        (module, one) for module, one in found if one not in offers[module]
    } == set()


def test_what_is_taken_and_offered_is_found() -> None:
    planted = ast.parse(
        "from ..equations.forward_pass import forward, hidden as h\n"
        "from ..engines import native\nfrom . import table\n"
        "native.flops(native.Secret)\ntable.Row"
    )
    assert taken(planted, ["equations"]) == {
        ("equations.forward_pass", "forward"),
        ("equations.forward_pass", "hidden"),
        ("engines.native", "flops"),
        ("engines.native", "Secret"),
        ("equations.table", "Row"),
    }
    assert offered(ast.parse("A = 1\n__all__ = ['A', 'b']")) == {"A", "b"}


@pytest.mark.parametrize("name", MODULES)
def test_imports_run_one_way(name: str) -> None:
    room = name.split(".", maxsplit=1)[0]
    before = {*ORDER[: ORDER.index(room) + 1]}
    after = {target.split(".")[0] for target in imports(MODULES[name]) & set(MODULES)}
    wrong = {target for target in after - before if (name, target) not in UPWARDS}
    assert not wrong, f"{name} imports {', '.join(sorted(wrong))}"


def test_the_imports_that_run_upwards_are_needed() -> None:
    for name, room in UPWARDS:
        assert any(target.startswith(f"{room}.") for target in imports(MODULES[name]))


def test_no_module_imports_itself_through_others() -> None:
    graph = {
        name: {
            target
            for target in imports(path) & set(MODULES)
            if (name, target.split(".")[0]) not in UPWARDS
        }
        for name, path in MODULES.items()
    }
    TopologicalSorter(graph).prepare()  # raises with the circle


@pytest.mark.parametrize("name", [n for n in MODULES if n.startswith("equations.")])
def test_the_mathematics_takes_little_from_outside(name: str) -> None:
    for module in imports(MODULES[name]) - set(MODULES):
        root = module.split(".")[0]
        if root in OUTSIDE:
            assert OUTSIDE[root] in (None, name.split(".")[1]), module
        else:
            assert root in sys.stdlib_module_names, module


def test_no_module_bears_the_name_of_something_public() -> None:
    # else `chainrule.objective` would be a function or a module, whichever was imported last
    modules = {p.stem for p in SOURCE.glob("*.py")} | {
        p.name for p in SOURCE.iterdir() if p.is_dir()
    }
    assert modules & set(chainrule.__all__) == set(chainrule._NAMESPACES)
    for name in chainrule._NAMESPACES:
        assert isinstance(getattr(chainrule, name), ModuleType)


AUTODIFF = re.compile(
    r"autograd|GradientTape|requires_grad|jax\.(grad|vjp|jvp|value_and_grad|jacfwd|jacrev)|\.backward\(\)|functorch"
)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_there_is_no_automatic_differentiation(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert AUTODIFF.search(text) is None
    roots = {module.split(".")[0] for module in imports(path) - set(MODULES)}
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
    "number",
    ["F0", "F1", "F2", "J1", "J2", "B1", "B2", "B3", "B4", "U1"]
    + [f"G{number}" for number in range(1, 13)],
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
    elif number.startswith("G"):
        homes = {"output_curvature", "second_order", "damped_step"}
        homes |= {"evidence", "posterior"}
        assert homes & set(places)
    elif number == "B1":
        assert {"backward_pass", "forward_pass", "losses"} & set(places)
    else:
        assert home[number[0]] in places


@pytest.mark.parametrize("name", [n for n in chainrule.__all__ if n != "__version__"])
def test_every_public_name_is_there_and_documented(name: str) -> None:
    value = getattr(chainrule, name)
    assert name in dir(chainrule)
    if isinstance(value, Mapping):  # a table has a comment that Sphinx reads
        home = MODULES[chainrule._HOME[name]]
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


FAMILY = re.compile(
    r"isinstance\([^()]*\b(FirstOrder|GradientDescent|SGD|RMSprop|Adagrad|\w*Adam\w*|LBFGS)\b"
)


@pytest.mark.parametrize("name", [n for n in MODULES if not n.startswith("optimizers")])
def test_no_one_asks_an_optimizer_of_what_family_it_is(name: str) -> None:
    assert FAMILY.search(MODULES[name].read_text(encoding="utf-8")) is None


def private_reads(tree: ast.AST) -> set[str]:
    """Private attributes that a function reads of what it is given."""
    found = set()
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        every = (*function.args.args, *function.args.kwonlyargs)
        given = {argument.arg for argument in every} - {"self", "cls"}
        found |= {
            f"{node.value.id}.{node.attr}"
            for node in ast.walk(function)
            if isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id in given
            and re.match(r"_(?!_)", node.attr)
        }
    return found


@pytest.mark.parametrize("name", [n for n in MODULES if n.startswith("estimators.")])
def test_no_function_reads_what_is_private_to_an_estimator(name: str) -> None:
    assert private_reads(ast.parse(MODULES[name].read_text(encoding="utf-8"))) == set()


def test_the_searches_for_private_reads_and_families_find_them() -> None:
    planted = ast.parse("def keep(estimator, run):\n    estimator._rows(run.rows)")
    assert private_reads(planted) == {"estimator._rows"}
    assert FAMILY.search("assert isinstance(rule, FirstOrder)")
    assert FAMILY.search("isinstance(rule, SGD | FoldedAdam)")
