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

__all__ = ["PHASES", "Selection", "Step", "select", "steps_of"]

PHASES = ("forward", "loss", "backward", "update")
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
    """

    whole: bool
    layers: tuple[int, ...]
    units: dict[int, tuple[int, ...]]
    sources: dict[tuple[int, int], tuple[int, ...]]
    terms: int


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
    whole = (
        max(sizes) <= WHOLE_WIDTH
        and numbers.moment.network.n_parameters <= WHOLE_PARAMETERS
    )
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
    return Selection(whole and not units, chosen, found, sources, terms)


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
    L = t.layers
    found = (
        [
            Step(
                "A0",
                1,
                "forward",
                "F0",
                "the input, with its mask",
                _vector("A", 0, shown),
            )
        ]
        if 0 in t.masks
        else []
    )
    for l in shown.layers:
        found.append(
            Step("Z", l, "forward", "F1", "pre-activation", _vector("Z", l, shown))
        )
        found.append(
            Step("A", l, "forward", "F2", "activation", _vector("A", l, shown))
        )
    penalised = t.penalised
    whole = L in shown.layers
    if whole:
        found.append(Step("ell", L, "loss", "J1", "loss of the row", ("ell",)))
    if whole and (t.rows > 1 or penalised or not t.row_counts_once):
        found.append(
            Step(
                "J",
                L,
                "loss",
                "J1, J2" if penalized else "J1",
                "objective",
                ("R", "J") if penalized else ("J",),
            )
        )
    if whole:
        found.append(
            Step(
                "GL",
                L,
                "backward",
                "B1",
                "derivative of the loss by the output",
                _vector("G", L, shown),
            )
        )
    for l in reversed(shown.layers):
        found += backward_steps(t, l, shown)
    found += [update_step(t, l, shown) for l in shown.layers]
    return tuple(step for step in found if step.entries)


def backward_steps(t: Traits, l: int, shown: Selection) -> list[Step]:
    """Those of one layer: φ′, Δ, the gradient of its parameters, what is passed back."""
    L = t.layers
    found = []
    phi = t.network.activations[l - 1]
    if not isinstance(phi, Softmax) and phi.name != "identity":
        found.append(
            Step(
                "P",
                l,
                "backward",
                "B2" if l < L else "B1",
                "slope of the activation",
                _vector("P", l, shown),
            )
        )
    where = "B1" if l == L else "B2"
    found.append(
        Step(
            "D",
            l,
            "backward",
            where,
            "delta: derivative by the pre-activation",
            _vector("D", l, shown),
        )
    )
    gradients = tuple(
        f"dW{l}.{k}.{j}" for k in shown.units[l] for j in shown.sources[l, k]
    )
    found.append(
        Step(
            "dW",
            l,
            "backward",
            "B3",
            "gradient of weights and biases",
            gradients + _vector("db", l, shown),
        )
    )
    passed = (
        "derivative by the input"
        if l == 1
        else "passed back: derivative by the activation before"
    )
    found.append(
        Step(
            "G",
            l,
            "backward",
            "B4" if l == 1 else "B2",
            passed,
            _vector("G", l - 1, shown),
        )
    )
    return found


def update_step(t: Traits, l: int, shown: Selection) -> Step:
    """What moves: for each weight and bias, what the optimiser remembers, then the parameter."""
    names = []
    for k in shown.units[l]:
        for kind, index in [
            *(("W", f"{k}.{j}") for j in shown.sources[l, k]),
            ("b", f"{k}"),
        ]:
            limited = ["u"] if kind == "W" and t.rules.max_norm is not None else []
            names += [
                f"{letter}{kind}+{l}.{index}"
                for letter in (*t.remembered, *limited, "")
            ]
    return Step("W+", l, "update", "U1", "step: new weights and biases", tuple(names))


def _vector(kind: str, l: int, shown: Selection) -> tuple[str, ...]:
    return tuple(f"{kind}{l}.{k}" for k in shown.units[l])
