"""The equations with a fault planted in them: copies of `propagate` and `pull_back` with one line wrong.

Without a fault the copies do what the originals do, which `test_planted_faults` checks first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.engines import reference
from chainrule.equations import backward_pass, forward_pass, gradient_check
from chainrule.equations.backward_pass import (
    Gradient,
    output_gradient,
    penalty_gradient,
)
from chainrule.equations.forward_pass import Trace, objective_and_delta

Replace = Callable[[str, Callable[..., Any]], None]


def replacer(monkeypatch) -> Replace:
    """A function that puts a faulty variant in place of an equation, wherever it is used."""

    def replace(name: str, variant: Callable[..., Any]) -> None:
        modules = (forward_pass, backward_pass, gradient_check, reference)
        places = [module for module in modules if hasattr(module, name)]
        assert places, name
        for module in places:
            monkeypatch.setattr(module, name, variant)

    return replace


def propagate_with(
    *, transposed: bool = False, bias: bool = True, mask_on_output: bool = True
):
    """F0-F2 with W read by columns, without b, or without the masks of hidden layers."""

    def propagate(network, parameters, x, masks):
        A, Z = [x if masks[0] is None else x * masks[0]], []
        layers = zip(
            parameters.weights,
            parameters.biases,
            network.activations,
            (*masks[1:], None),
            strict=True,
        )
        for W, b, phi, M in layers:
            Z.append(A[-1] @ (W if transposed else W.T) + (b if bias else 0 * b))
            a = phi.value(Z[-1])
            A.append(a if M is None or not mask_on_output else a * M)
        return Trace(tuple(A), tuple(Z), masks)

    return propagate


def pull_back_with(
    *,
    W_back: Callable[[Any], Any] = lambda W: W,
    weight_of: Callable[[Any, Any], Any] = lambda delta, A: delta.T @ A,
    phi_of_layer: Callable[[int], int] = lambda l: l,
    z_of_layer: Callable[[int], int] = lambda l: l,
    delta_of_bias: Callable[[int], int] = lambda l: l,
    scale: Callable[[Any], Any] = lambda s: s,
    bias: float = 1.0,
    bias_penalty: bool = False,
    mask: bool = True,
    dX_weighted: bool = False,
):
    """B1-B4 with the named line changed; the defaults are the right ones. Layers count from 1."""

    def pull_back(
        network, parameters, trace, y, row_weights, l1, l2, *, input_gradient
    ):
        W, L = parameters.weights, network.n_layers
        J, row_loss, delta = objective_and_delta(
            network, parameters, trace, y, row_weights, l1, l2
        )
        deltas, dA = {L: delta}, {}
        for l in range(L - 1, 0, -1):
            dA[l] = g = deltas[l + 1] @ W_back(W[l])
            g = g if trace.M[l] is None or not mask else g * trace.M[l]
            phi, z = (
                network.activations[phi_of_layer(l) - 1],
                trace.Z[z_of_layer(l) - 1],
            )
            deltas[l] = phi.pull_back(z, phi.value(z), g)
        s = scale(row_weights)
        s = s if isinstance(s, float) else s[:, None]
        dW = [weight_of(s * deltas[l], trace.A[l - 1]) for l in range(1, L + 1)]
        dW = [g + penalty_gradient(w, l1, l2) for g, w in zip(dW, W, strict=True)]
        db = [
            bias * np.sum(s * deltas[delta_of_bias(l)], axis=0) for l in range(1, L + 1)
        ]
        if bias_penalty:
            db = [
                g + penalty_gradient(b, l1, l2)
                for g, b in zip(db, parameters.biases, strict=True)
            ]
        dX = deltas[1] @ W_back(W[0])
        dX = dX if trace.M[0] is None or not mask else dX * trace.M[0]
        dX = dX * s if dX_weighted else dX
        flat = np.concatenate([g.ravel() for g in (*dW, *db)])
        last = output_gradient(network.loss, y, trace.output)
        return Gradient(
            network.sizes,
            J,
            flat,
            tuple(deltas[l] for l in range(1, L + 1)),
            row_loss,
            (dX, *(dA[l] for l in range(1, L)), last),
        )

    return pull_back


def penalty_with_biases(parameters, l1, l2):
    """J2 that penalizes the biases too: θ as a whole."""
    return l1 * np.sum(
        np.where(parameters.theta.real > 0, 1, -1) * parameters.theta
    ) + l2 / 2 * np.sum(parameters.theta**2)


def weights_not_divided(sample_weight, rows, reduction, like):
    """The mean without its 1/Σw."""
    return 1.0 if sample_weight is None else sample_weight


def weights_divided_by_rows(sample_weight, rows, reduction, like):
    """The mean divided by N where it should be Σw."""
    return 1.0 / rows if sample_weight is None else sample_weight / rows
