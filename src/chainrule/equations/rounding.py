"""The rounding noise of the loss and of each entry of its gradient: one pass in absolute values.

Forward, what Z and A may be off by (F1, F2); at the output, what that and the rounding of A make of Δ[L], which is
large beside Δ[L] itself where a - y cancels (B1); backward, that carried through |W|, |φ′| and |A| with the rounding
of each product (B2 to B4). It is an estimate with a margin, no enclosure: a sum of n terms is given λ√n roundings, as
errors of either sign add up, not n.

References
----------
Higham & Mary, "A new approach to probabilistic rounding error analysis", 2019.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .activation import Activation, Elementwise
from .arrays import Array, array_namespace, device
from .backward_pass import Gradient, output_gradient
from .forward_pass import Trace
from .network import Network, Parameters

__all__ = [
    "EPSILON",
    "FUNCTION_ROUNDINGS",
    "RoundingNoise",
    "known",
    "rounding_noise",
    "roundings",
]

EPSILON = float(np.finfo(float).eps)
#: Roundings of a function of NumPy or SciPy, with a margin.
FUNCTION_ROUNDINGS = 16
#: λ: a sum errs by more than λ√n roundings with a probability of about 2 exp(-λ²/2), 3e-8.
LAMBDA = 6


@dataclass(frozen=True)
class RoundingNoise:
    """The largest errors that rounding is expected to make.

    Parameters
    ----------
    J, ell : float
        Of the objective, and of the sum of ℓ over the rows, unweighted.
    flat : Array, shape (D,)
        Of ∇J, laid out as θ.
    dX : Array, shape (N, n_0)
        Of dX.
    """

    J: float
    ell: float
    flat: Array
    dX: Array


def rounding_noise(
    network: Network,
    parameters: Parameters,
    trace: Trace,
    y: Array,
    row_weights: Array | float,
    l1: float,
    l2: float,
    gradient: Gradient,
) -> RoundingNoise:
    """The effect of rounding on a pass and its gradient; 0 where nothing leads from an entry to the loss."""
    xp = array_namespace(trace.output)
    W, A = [xp.abs(w) for w in parameters.weights], [xp.abs(a) for a in trace.A]
    off_Z: list[Array] = []
    off_A = [xp.zeros_like(A[0]) if trace.M[0] is None else EPSILON * A[0]]
    layers = zip(
        W,
        parameters.biases,
        network.activations,
        trace.Z,
        A[:-1],
        (*trace.M[1:], None),
        strict=True,
    )
    for w, b, phi, z, a, M in layers:
        of_sum = roundings(w.shape[1] + 1) * EPSILON * (a @ w.T + xp.abs(b))
        off_Z.append(of_sum + off_A[-1] @ w.T)  # F1
        off = _of_value(phi, z, off_Z[-1])
        off_A.append(off if M is None else off * xp.abs(M))  # F2
    D = [xp.abs(d) for d in gradient.delta]
    of_ell, off_D = _of_output(network, trace, y, off_Z[-1], off_A[-1])
    off_D = off_D + FUNCTION_ROUNDINGS * EPSILON * D[-1]  # B1
    by_row = of_ell + xp.sum(D[-1] * off_Z[-1], axis=1)
    by_row = by_row + FUNCTION_ROUNDINGS * EPSILON * xp.abs(gradient.row_loss)
    s = row_weights if isinstance(row_weights, float) else row_weights[:, None]
    J = float(xp.sum(row_weights * by_row)) + EPSILON * abs(float(gradient.J))
    dW: list[Array] = []
    db: list[Array] = []
    for l in range(network.n_layers, 0, -1):
        rows = s * (off_D + roundings(trace.output.shape[0]) * EPSILON * D[l - 1])
        of_penalty = 4 * EPSILON * (l1 + l2 * W[l - 1])
        of_A = (s * D[l - 1]).T @ off_A[l - 1]
        dW.insert(0, rows.T @ A[l - 1] + of_A + of_penalty)  # B3
        db.insert(0, xp.sum(rows, axis=0))
        of_sum = roundings(W[l - 1].shape[0]) * EPSILON * D[l - 1]
        off_G = (off_D + of_sum) @ W[l - 1]
        G = xp.abs(gradient.delta[l - 1] @ parameters.weights[l - 1])
        if trace.M[l - 1] is not None:
            off_G, G = (v * xp.abs(trace.M[l - 1]) for v in (off_G, G))
        if l > 1:  # B2
            off_D = _of_pull_back(
                network.activations[l - 2], trace.Z[l - 2], off_Z[l - 2], G, off_G
            )
            off_D = off_D + 4 * EPSILON * D[l - 2]
    flat = xp.concat([xp.reshape(g, (-1,)) for g in (*dW, *db)])
    return RoundingNoise(J, float(xp.sum(by_row)), known(flat), known(off_G))  # B4


def _of_output(
    network: Network, trace: Trace, y: Array, off_z: Array, off_a: Array
) -> tuple[Array, Array]:
    """Of ℓ and of Δ[L], beside their own rounding: by what Z and A are off by, and where their terms cancel."""
    loss, phi = network.loss, network.activations[-1]
    z, a = trace.Z[-1], trace.A[-1]
    xp = array_namespace(z)
    # all outputs of a row moved one way, and by turns: in a softmax either may cancel
    odd = xp.arange(a.shape[1], device=device(a)) % 2
    turns = 1.0 - 2.0 * xp.astype(odd, a.dtype)
    of_ell, of_delta = xp.zeros_like(a[:, 0]), xp.zeros_like(a)
    ell, delta = loss.value_and_delta(y, z, a, phi)
    for way in (1.0, -1.0, turns, -turns):
        moved = loss.value_and_delta(y, z + way * off_z, a + way * off_a, phi)
        of_ell = of_ell + xp.abs(moved[0] - ell)
        of_delta = of_delta + xp.abs(moved[1] - delta)
    terms_ell, terms_delta = xp.zeros_like(of_ell), xp.zeros_like(a)
    if loss.logarithms:
        terms_ell = xp.sum(1 + xp.abs(a) + y * (1 + xp.log(1 + y)), axis=1)
        if "log_phi" in loss.logarithms:
            terms_delta = terms_delta + xp.abs(phi.log_pull_back(z, a, y))
        if not isinstance(phi, Elementwise):
            terms_delta = terms_delta + 2 * a  # 1 - Σ a
        if "log1m_phi" in loss.logarithms:
            terms_delta = terms_delta + xp.abs(phi.log1m_pull_back(z, a, 1 - y))
    elif not isinstance(phi, Elementwise) or loss.name == "log_cosh":
        g = xp.abs(output_gradient(loss, y, a))
        if loss.name == "log_cosh":  # |r| + log(1 + e^{-2|r|}) - log 2
            g, terms_ell = xp.ones_like(a), xp.ones_like(of_ell) * a.shape[1]
        if isinstance(phi, Elementwise):
            terms_delta = xp.abs(phi.pull_back(z, a, g))
        else:
            terms_delta = a * (g + xp.sum(a * g, axis=1, keepdims=True))
    near = FUNCTION_ROUNDINGS * EPSILON
    return of_ell + near * terms_ell, of_delta + near * terms_delta


def roundings(terms: int) -> float:
    """The roundings that a sum of so many products is given."""
    return min(terms, LAMBDA * math.sqrt(terms)) + 2


def _of_value(phi: Activation, z: Array, off_z: Array) -> Array:
    """Of φ(z), where z is off by so much."""
    xp = array_namespace(z)
    a = phi.value(z)
    if isinstance(phi, Elementwise):
        # x times a Φ that adds 1 and erf is off by |x| ε, also where it is all but 0
        size = xp.where(a == 0, xp.zeros_like(a), xp.abs(a))
        if phi.name == "gelu":
            size = size + xp.abs(z)
        return _change(phi.value, z, off_z) + FUNCTION_ROUNDINGS * EPSILON * size
    if a.shape[1] == 1:
        return xp.zeros_like(a)  # the constant 1
    inner = off_z + xp.sum(a * off_z, axis=1, keepdims=True)
    return a * (inner + FUNCTION_ROUNDINGS * EPSILON)


def _of_pull_back(
    phi: Activation, z: Array, off_z: Array, G: Array, off_G: Array
) -> Array:
    """Of φ's pull-back of a gradient of magnitude G that is off by `off_G`."""
    xp = array_namespace(z)
    if isinstance(phi, Elementwise):
        slope = xp.abs(phi.derivative(z))
        size = slope + 1.0 if phi.name == "gelu" else slope
        off = _change(phi.derivative, z, off_z) + FUNCTION_ROUNDINGS * EPSILON * size
        return off_G * slope + G * off
    a, off_a = phi.value(z), _of_value(phi, z, off_z)
    if a.shape[1] == 1:
        return off_a
    total = xp.sum(a * G, axis=1, keepdims=True)
    of_total = xp.sum(a * off_G + off_a * G, axis=1, keepdims=True)
    of_sum = roundings(z.shape[1]) * EPSILON * (G + total)
    return a * (off_G + of_total + of_sum) + off_a * (G + total)


def _change(function: Callable[[Any], Array], at: Any, off: Any) -> Array:
    """By how much a function of numbers that are off by so much is off itself."""
    here = function(at)
    xp = array_namespace(here)
    up, down = (xp.abs(function(v) - here) for v in (at + off, at - off))
    return xp.where(up > down, up, down)


def known(off: Array) -> Array:
    """0 where it is not finite: a number that overflows is found where it is compared."""
    xp = array_namespace(off)
    return xp.where(xp.isfinite(off), off, xp.zeros_like(off))
