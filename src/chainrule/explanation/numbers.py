"""The numbers of one pass and one step, as the engine computed them, by name.

A name is a kind, a layer, indices from 1, and a row where it is not the one explained: ``Z2.3`` is Z[2] of unit
3, ``W2.3.1`` the weight from unit 1 of layer 1 to unit 3 of layer 2, ``A1.4~5`` A[1] of unit 4 in row 5 (from 0).

| kind | number | equation |
|---|---|---|
| X, A, Z, M | input before its mask, A[l], Z[l], mask | F0, F1, F2 |
| one, Gone | the constant 1 that a bias is multiplied by in some notations, and ∂ℓ by it | F1, B2 |
| P | φ′(Z[l]) | B2 |
| Y, ell, s, J, R | target, ℓ, share s_i of a row, J, penalty | J1, J2 |
| G, D | ∂ℓ/∂A[l] (l = 0: dX), Δ[l] | B1, B2, B4 |
| W, b; dW, db; W+, b+ | parameters, their gradient, the parameters after the step | B3, U1 |
| m, v before W or b | what the optimizer remembers: ``mW2.3.1``, after the step ``mW+2.3.1`` | U1 |
| u before W+ | the weight after the step, before the limit on norms | U1 |
| alpha, N | learning rate of the step; how many rows there are | U1, J1 |

A step of Levenberg–Marquardt has more, see `damped_numbers`. φ′ is the engine's where its forward pass has it, else the
table's at the engine's Z.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from ..arguments import argument
from ..documents.spelling import parts_of
from ..engines import choose_engine
from ..engines.interface import require_finite_gradient, require_finite_trace
from ..equations.arrays import Array, as_numpy
from ..equations.forward_pass import penalty, slopes_of
from ..equations.losses import reduction_weights
from ..equations.network import read_biases, read_weights
from ..errors import InputError
from ..optimizers.constraints import clip_by_norm, clip_by_value, free_entries
from ..optimizers.rules import Rules
from ..optimizers.step import apply_step
from .damped_numbers import DampedStep, damped_step_of
from .moment import Moment
from .traits import Traits, slot_letters

__all__ = ["NAME", "Numbers", "WithheldError", "has_rows", "numbers_of", "split_name"]

NAME = re.compile(r"([A-Za-z]+\+?)(\d*)((?:\.\d+)*)(?:~(\d+))?")
#: Kinds of numbers that are given; A[0] is, too, where it has no mask.
GIVEN = frozenset({"X", "Y", "M", "W", "b", "one", "s", "N", "alpha"})


class WithheldError(InputError):
    """A computed number that a sheet leaves to whoever fills it in.

    Parameters
    ----------
    name : str
    """

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} of a sheet, which leaves it blank",
            "inputs, targets, parameters and settings",
            f"Take it from the explanation without {argument('blank', True)}.",
        )


@dataclass(frozen=True)
class Numbers:
    """Everything by name.

    Parameters
    ----------
    moment : Moment
    row : int
        The row that is explained, from 0.
    engine : str
        Whose numbers they are.
    arrays : dict of ndarray
        Kind and layer ("Z2") → the numbers; of kinds that have rows, all rows.
    targets : ndarray, shape (N, n_L)
    epsilon, tiny : float
        The rounding of the engine's numbers, and the smallest that keeps all digits: what is below may count as 0.
    own_slopes : frozenset of int
        The layers whose φ′ the engine has of its own.
    clip_factor : float
        What clipping by the norm multiplies the gradient by; 1 where it does nothing.
    stepped : Array, shape (D,)
        θ after the step.
    damped : DampedStep, optional
        Of Levenberg–Marquardt.
    withheld : bool
        Whether only those are read that are given: the numbers of a sheet.
    """

    moment: Moment
    row: int
    engine: str
    arrays: dict[str, Any]
    targets: np.ndarray[Any, Any]
    epsilon: float
    tiny: float
    own_slopes: frozenset[int]
    clip_factor: float
    stepped: Array = field(repr=False)
    damped: DampedStep | None = field(default=None, repr=False)
    withheld: bool = False

    @property
    def rows(self) -> int:
        """N."""
        return len(self.targets)

    @property
    def sizes(self) -> tuple[int, ...]:
        """n_0 … n_L."""
        return self.moment.network.sizes

    @property
    def layers(self) -> int:
        """L."""
        return self.moment.network.n_layers

    @cached_property
    def traits(self) -> Traits:
        """The traits that decide how they are written."""
        shares, moment = self.arrays["s"], self.moment
        shared = moment.network.loss.name == "cross_entropy"
        whole = self.targets.sum(axis=1) == 1 if shared else np.ones(self.rows, bool)
        return Traits(
            moment.network,
            moment.rules,
            moment.reduction,
            frozenset(l for l in range(self.layers + 1) if self.has(f"M{l}")),
            self.rows,
            self.read("s") == 1,
            _trials(shares),
            bool(whole[self.row]),
            bool(whole.all()),
            self.clip_factor,
            "" if self.damped is None else self.damped.form,
            0 if self.damped is None else self.damped.roots,
        )

    def has(self, array: str) -> bool:
        """Return whether there is such an array: a mask, say."""
        return array in self.arrays

    def array(self, array: str) -> np.ndarray[Any, Any]:
        """The numbers of a kind and layer, those of the explained row where they have rows."""
        values: np.ndarray[Any, Any] = self.arrays[array]
        return values[self.row] if has_rows(array) else values

    def over_rows(self, name: str) -> np.ndarray[Any, Any]:
        """The numbers of that name in every row, in float64."""
        array, index, _ = split_name(name)
        values: np.ndarray[Any, Any] = self.arrays[array]
        of_rows = np.moveaxis(values.astype(np.float64), 0, -1)
        found: np.ndarray[Any, Any] = of_rows[index]
        return found

    def shows(self, name: str) -> bool:
        """Return whether the number of that name may be read: of a sheet, whether it is given."""
        kind, layer, _ = parts_of(name)
        input_itself = kind == "A" and layer == 0 and not self.has("M0")
        return not self.withheld or kind in GIVEN or input_itself

    def read(self, name: str) -> float:
        """The number of that name, exactly as the engine has it; raises `WithheldError` where it may not be read."""
        return float(self._of(name))

    @property
    def by_size(self) -> Callable[[str], float] | None:
        """The numbers by which the terms of a long sum are large or small; none of a sheet, which shows all."""
        return None if self.withheld else self.read

    def exact(self, name: str) -> str:
        """The number in full: its shortest decimal form that gives back the same bits."""
        return str(np.asarray(self._of(name))[()])

    def _of(self, name: str) -> Any:
        if self.withheld and not self.shows(name):
            raise WithheldError(name)
        array, index, row = split_name(name)
        values = self.arrays[array]
        if has_rows(array):
            values = values[self.row if row is None else row]
        return values[index] if index else values


def _trials(shares: np.ndarray[Any, Any]) -> str:
    """The reduction of J over several rows of one weight, see `Traits`."""
    if len(shares) == 1 or not np.all(shares == shares[0]):
        return ""
    mean = np.asarray(1 / len(shares), shares.dtype)
    return "sum" if shares[0] == 1 else "mean" if shares[0] == mean else ""


@lru_cache(maxsize=1 << 16)
def split_name(name: str) -> tuple[str, tuple[int, ...], int | None]:
    """Kind with layer, indices from 0, row.

    Examples
    --------
    >>> split_name("W2.3.1"), split_name("A1.4~5"), split_name("mW+2.3.1")
    (('W2', (2, 0), None), ('A1', (3,), 5), ('mW+2', (2, 0), None))
    """
    found = NAME.fullmatch(name)
    if found is None:
        raise KeyError(name)
    kind, layer, index, row = found.groups()
    return (
        kind + layer,
        tuple(int(i) - 1 for i in index.split(".")[1:]),
        None if row is None else int(row),
    )


def has_rows(array: str) -> bool:
    """Return whether an array has a number for each row."""
    rowed = array[0] in "XAZMPGDYEKrj" and not array.startswith("Gone")
    return rowed or array in ("ell", "s")


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def numbers_of(moment: Moment, row: int, engine: str) -> Numbers:
    """Run the engine and name its numbers.

    Z, A, Δ, ℓ, J, dW and db are those of its `passes`, in the dtype of the parameters. The step is the one that
    training takes.

    Raises
    ------
    NonFiniteError
        Names the first quantity, in the order of the equations, that is NaN or infinite.
    """
    network, parameters, rules, data = (
        moment.network,
        moment.parameters,
        moment.rules,
        moment.data,
    )
    chosen, _ = choose_engine(engine, network, rules, parameters.theta)
    workspace = chosen.prepare(network, rules, parameters.theta.dtype, 1, data.scale)

    def passes(theta: Array, *, input_gradient: bool = False) -> Any:
        return chosen.passes(
            workspace,
            theta,
            data,
            l1=rules.l1,
            l2=rules.l2,
            masks=moment.masks,
            reduction=moment.reduction,
            input_gradient=input_gradient,
        )

    trace, gradient = passes(parameters.theta, input_gradient=True)
    require_finite_trace(trace)
    require_finite_gradient(gradient)
    flat = gradient.flat
    weights = reduction_weights(data.sample_weight, data.rows, moment.reduction, data.y)
    free = (
        free_entries(network.sizes, rules.frozen_layers, flat)
        if rules.frozen_layers
        else None
    )
    damped, unlimited = None, None
    slots: tuple[Array, ...] = ()
    if rules.optimizer.one_gradient:
        stepped, slots = apply_step(
            network.sizes, rules, moment.state, flat, moment.learning_rate, free
        )
        if rules.max_norm is not None:
            freely = replace(rules, max_norm=None)
            unlimited, _ = apply_step(
                network.sizes, freely, moment.state, flat, moment.learning_rate, free
            )
    else:
        damped = damped_step_of(moment, passes, row)
        stepped = damped.theta
    if moment.after is not None:
        stepped = moment.after.theta
        slots = moment.after.slots if damped is None else ()
    arrays: dict[str, Any] = _of_rows(moment, trace, gradient, weights, row)
    arrays |= {"J": gradient.J, "alpha": np.float64(moment.learning_rate)}
    arrays["N"] = np.float64(data.rows)
    arrays |= _of_parameters(network.sizes, "", "", parameters.theta)
    arrays |= _of_parameters(network.sizes, "d", "", flat)
    arrays |= _of_parameters(network.sizes, "", "+", stepped)
    if unlimited is not None:
        arrays |= _of_parameters(network.sizes, "u", "+", unlimited)
    arrays |= {} if damped is None else damped.arrays
    remembered = zip(
        slot_letters(rules.optimizer), moment.state.slots, slots, strict=True
    )
    for letter, before, after in remembered if damped is None else ():
        arrays |= _of_parameters(network.sizes, letter, "", before)
        arrays |= _of_parameters(network.sizes, letter, "+", after)
    found = {
        key: as_numpy(value) if hasattr(value, "shape") else np.float64(value)
        for key, value in arrays.items()
    }
    real = np.finfo(as_numpy(parameters.theta).dtype)
    return Numbers(
        moment,
        row,
        chosen.name,
        found,
        as_numpy(data.y),
        float(real.eps),
        float(real.tiny),
        frozenset(l for l, own in enumerate(trace.slopes or (), 1) if own is not None),
        _clip_factor(rules, flat, free),
        stepped,
        damped,
    )


def _clip_factor(rules: Rules, gradient: Array, free: Array | None) -> float:
    if rules.clip_norm is None:
        return 1.0
    kept = as_numpy(gradient if free is None else gradient * free)
    kept = kept if rules.clip_value is None else clip_by_value(kept, rules.clip_value)
    largest = int(np.argmax(np.abs(kept)))
    return (
        float(clip_by_norm(kept, rules.clip_norm)[largest] / kept[largest])
        if kept[largest]
        else 1.0
    )


def _of_rows(
    moment: Moment, trace: Any, gradient: Any, shares: Any, row: int
) -> dict[str, Any]:
    network, targets = moment.network, moment.data.y
    L = network.n_layers
    arrays: dict[str, Any] = {f"Y{L}": targets}
    for l in range(L + 1):
        arrays[f"A{l}"], arrays[f"one{l}"] = trace.A[l], 1.0
        if l < L:
            arrays[f"Gone{l}"] = (gradient.delta[l] @ moment.parameters.biases[l])[row]
    for l in range(1, L + 1):
        arrays[f"Z{l}"], arrays[f"D{l}"] = trace.Z[l - 1], gradient.delta[l - 1]
    for l, slope in enumerate(slopes_of(network, trace), 1):
        if slope is not None:
            arrays[f"P{l}"] = slope
    for l, dA in enumerate(gradient.dA):
        arrays[f"G{l}"] = dA
    for l, mask in enumerate(trace.M):
        if mask is not None:
            arrays[f"M{l}"] = mask
    if "M0" in arrays:
        arrays["X0"] = moment.data.inputs()
    ell = gradient.row_loss
    arrays["ell"], arrays["s"] = (
        ell,
        np.broadcast_to(np.asarray(shares, ell.dtype), ell.shape),
    )
    R = penalty(moment.parameters, moment.rules.l1, moment.rules.l2)
    arrays["R"] = np.asarray(R, as_numpy(ell).dtype)
    return arrays


def _of_parameters(
    sizes: Sequence[int], before: str, after: str, flat: Array
) -> dict[str, Array]:
    found = {
        f"{before}W{after}{l}": W for l, W in enumerate(read_weights(sizes, flat), 1)
    }
    return found | {
        f"{before}b{after}{l}": b for l, b in enumerate(read_biases(sizes, flat), 1)
    }
