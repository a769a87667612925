"""The numbers that are shown, and their order: forward, loss, backward, update.

Of a small network all. Of a large one some units of each layer, those with the largest |Δ|, and of each some
weights, those with the largest terms; or the layers and units that were asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..equations.activation import Softmax
from ..errors import InputError
from .numbers import Numbers
from .traits import Traits

__all__ = [
    "PHASES",
    "WHOLE_PARAMETERS",
    "WHOLE_WIDTH",
    "Selection",
    "Step",
    "is_small",
    "select",
    "steps_of",
]

PHASES = ("forward", "loss", "backward", "curvature", "update")
#: Entries of J̃ J̃ᵀ that are shown of a row.
BESIDE = 6
#: A network is shown as a whole if no layer is wider and it has no more parameters.
WHOLE_WIDTH, WHOLE_PARAMETERS = 10, 200
#: Of a larger one so many units of a hidden layer, of the output and of the input.
HIDDEN, OUTPUTS, INPUTS = 4, 10, 6


@dataclass(frozen=True)
class Selection:
    """The part of a network that is shown; units count from 1.

    Parameters
    ----------
    whole : bool
        Whether everything is.
    layers : tuple of int
        1 … L, of which steps are shown.
    units : dict of int to tuple of int
        Of layers 0 … L, the units.
    sources : dict of (int, int) to tuple of int
        (layer, unit) → the units before it whose weights to it are shown.
    terms : int
        How many terms of a long sum are shown.
    row : int
        The row that is explained, from 0.
    """

    whole: bool
    layers: tuple[int, ...]
    units: dict[int, tuple[int, ...]]
    sources: dict[tuple[int, int], tuple[int, ...]]
    terms: int
    row: int


def select(
    numbers: Numbers,
    layers: Sequence[int] | None,
    units: Sequence[int] | None,
    terms: int,
) -> Selection:
    """Choose what is shown.

    Parameters
    ----------
    numbers : Numbers
    layers, units : sequence of int, optional
        Those asked for, from 1; units are of these layers, or of every layer that has them.
    terms : int

    Raises
    ------
    InputError
        A layer or unit that the network does not have.
    """
    sizes, L = numbers.sizes, numbers.layers
    for layer in layers or ():
        if not 1 <= layer <= L:
            raise InputError(
                f"layer {layer}",
                f"layers 1 … {L}",
                "Layer 1 is the first with weights.",
            )
    chosen = tuple(sorted({*layers})) if layers else tuple(range(1, L + 1))
    widest = max(sizes[l] for l in chosen)
    for unit in units or ():
        if not 1 <= unit <= widest:
            where = f"layer {chosen[0]}" if len(chosen) == 1 else "any layer"
            raise InputError(
                f"unit {unit}", f"units 1 … {widest} of {where}", "Units count from 1."
            )
    whole = is_small(numbers)
    found, sources = {}, {}
    for l in range(1, L + 1):
        most = sizes[l] if whole else OUTPUTS if l == L else HIDDEN
        found[l] = largest(numbers.array(f"D{l}"), most)
        if units and l in chosen:
            found[l] = tuple(sorted(k for k in {*units} if k <= sizes[l]))
        for k in found[l]:
            weighed = numbers.array(f"W{l}")[k - 1] * numbers.array(f"A{l - 1}")
            sources[l, k] = largest(weighed, sizes[l - 1] if whole else terms)
    found[0] = largest(
        numbers.array("G0") * numbers.array("A0"), sizes[0] if whole else INPUTS
    )
    return Selection(whole and not units, chosen, found, sources, terms, numbers.row)


def is_small(numbers: Numbers) -> bool:
    """Return whether a network is shown as a whole."""
    few = numbers.moment.network.n_parameters <= WHOLE_PARAMETERS
    return max(numbers.sizes) <= WHOLE_WIDTH and few


def largest(
    values: np.ndarray[tuple[int], np.dtype[np.floating]], most: int
) -> tuple[int, ...]:
    """The numbers, from 1, of the entries that are largest in size, ascending."""
    if len(values) <= most:
        return tuple(range(1, len(values) + 1))
    order = np.argsort(-np.abs(np.nan_to_num(values)), kind="stable")[:most]
    return tuple(sorted(int(i) + 1 for i in order))


@dataclass(frozen=True)
class Step:
    """One equation, for one layer.

    Parameters
    ----------
    kind : str
        Of the numbers that it gives, see `numbers`.
    layer : int
        1 … L: the layer whose weights it uses.
    phase : str
        One of `PHASES`.
    equation : str
        "F1", …
    title : str
    entries : tuple of str
        The names of the numbers that it gives.
    """

    kind: str
    layer: int
    phase: str
    equation: str
    title: str
    entries: tuple[str, ...]

    @property
    def key(self) -> str:
        """The name in addresses: "Z2"."""
        return f"{self.kind}{self.layer}"


def steps_of(t: Traits, shown: Selection) -> tuple[Step, ...]:
    """The steps, in the order in which they are computed."""
    L, found = t.layers, list[Step]()

    def add(
        phase: str, key: str, l: int, equation: str, title: str, *given: str
    ) -> None:
        found.append(Step(key, l, phase, equation, title, given))

    if 0 in t.masks:
        title = "the input, with its mask"
        add("forward", "A0", 1, "F0", title, *_vector("A", 0, shown))
    for l in shown.layers:
        add("forward", "Z", l, "F1", "pre-activation", *_vector("Z", l, shown))
        add("forward", "A", l, "F2", "activation", *_vector("A", l, shown))
    if L in shown.layers:
        add("loss", "ell", L, "J1", "loss of the row", "ell")
        if t.penalized:
            add("loss", "J", L, "J1, J2", "objective", "R", "J")
        elif t.rows > 1 or not t.row_counts_once:
            add("loss", "J", L, "J1", "objective", "J")
        title = "derivative of the loss by the output"
        add("backward", "GL", L, "B1", title, *_vector("G", L, shown))
    for l in reversed(shown.layers):
        phi, where = t.network.activations[l - 1], "B1" if l == L else "B2"
        if l < L and l + 1 not in shown.layers:  # the sum of B2, of a layer by itself
            title = "passed back: derivative by the activation before"
            add("backward", "G", l + 1, "B2", title, *_vector("G", l, shown))
        if not isinstance(phi, Softmax) and phi.name != "identity":
            title = "slope of the activation"
            add("backward", "P", l, where, title, *_vector("P", l, shown))
        title = "delta: derivative by the pre-activation"
        add("backward", "D", l, where, title, *_vector("D", l, shown))
        dW = [f"dW{l}.{k}.{j}" for k in shown.units[l] for j in shown.sources[l, k]]
        title = "gradient of weights and biases"
        add("backward", "dW", l, "B3", title, *dW, *_vector("db", l, shown))
        title = "passed back: derivative by the activation before"
        where, title = ("B4", "derivative by the input") if l == 1 else ("B2", title)
        add("backward", "G", l, where, title, *_vector("G", l - 1, shown))
    if t.form:
        found += _damped(t, shown)
    for l in shown.layers:
        title = "step: new weights and biases"
        add("update", "W+", l, "U1", title, *_moved(t, l, shown))
    return tuple(step for step in found if step.entries)


def _damped(t: Traits, shown: Selection) -> list[Step]:
    """The steps of Levenberg–Marquardt: the factors of the curvature, C or J̃ J̃ᵀ, and δ."""
    L, found, roots = t.layers, list[Step](), range(1, t.roots + 1)
    diagonal = not isinstance(t.network.activations[-1], Softmax)
    for l in reversed(shown.layers):
        names = [
            f"E{l}.{k}.{j}"
            for k in roots
            for j in shown.units[l]
            if l < L or not diagonal or j == k
        ]
        title = "deltas of the roots"
        if l == L:
            title = "root of the loss's second derivative, and the residual"
            names += [f"r{l}.{k}" for k in roots]
        where = "G1" if l == L else "G2"
        found.append(Step("E", l, "curvature", where, title, tuple(names)))
    for letter, where, title in (
        ("t", "G4", "gradient by the residuals"),
        ("c", "G6", "diagonal of the Gauss–Newton matrix"),
    ):
        for l in shown.layers:
            found.append(_placed(letter, "curvature", where, title, l, shown))
    if L in shown.layers:
        rows = [row for row in range(t.rows) if row != shown.row][:BESIDE]
        pairs = [(k, q) for k in roots for q in roots][: BESIDE * BESIDE]
        own = [f"K{L}.{k}.{q}" for k, q in pairs]
        others = [f"K{L}.{k}.{q}~{row}" for row in rows for k, q in pairs[:BESIDE]]
        title = "Gram matrix of the outputs, this row and others"
        found.append(Step("K", L, "curvature", "G5", title, (*own, *others)))
    where = "G7" if t.form == "primal" else "G8"
    for l in shown.layers:
        found.append(_placed("s", "update", where, "damped step", l, shown))
    if L in shown.layers:
        title = "change of the outputs, of first order"
        names = [f"j{L}.{k}" for k in roots]
        found.append(Step("j", L, "update", "G3", title, tuple(names)))
    for l in shown.layers:
        title = "the Gauss–Newton matrix times the step"
        found.append(_placed("q", "update", "G4", title, l, shown))
    return found


def _placed(
    letter: str, phase: str, where: str, title: str, l: int, shown: Selection
) -> Step:
    """The step of a number in the place of each weight and bias that is shown."""
    weights = [
        f"{letter}W{l}.{k}.{j}" for k in shown.units[l] for j in shown.sources[l, k]
    ]
    biases = _vector(f"{letter}b", l, shown)
    return Step(letter, l, phase, where, title, (*weights, *biases))


def _moved(t: Traits, l: int, shown: Selection) -> list[str]:
    """For each weight and bias, what the optimizer remembers, then the parameter."""
    names = []
    for k in shown.units[l]:
        weights = (("W", f"{k}.{j}") for j in shown.sources[l, k])
        for kind, index in (*weights, ("b", f"{k}")):
            limited = ["u"] if kind == "W" and t.rules.max_norm is not None else []
            letters = (*t.remembered, *limited, "")
            names += [f"{letter}{kind}+{l}.{index}" for letter in letters]
    return names


def _vector(kind: str, l: int, shown: Selection) -> tuple[str, ...]:
    return tuple(f"{kind}{l}.{k}" for k in shown.units[l])
