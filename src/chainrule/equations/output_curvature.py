"""A root of a loss's own Hessian at the outputs, and the residuals that belong to it (G1)."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import InputError
from .activation import Activation, Elementwise
from .arrays import Array, array_namespace
from .forward_pass import Trace
from .losses import Loss
from .network import Network

__all__ = ["OutputFactor", "output_factor", "require_curvature"]


@dataclass(frozen=True)
class OutputFactor:
    """A root of the loss's Hessian at the outputs, and the residuals that it belongs to (G1).

    Parameters
    ----------
    root : Array, shape (m, N, n_L)
        √s B: s_i ∂²ℓ/∂z² of row i is Σ_k root[k, i] root[k, i]ᵀ; s_i is the weight of the row in J (J1).
    residual : Array, shape (m, N)
        r with Σ_k root[k, i] r[k, i] = s_i Δ[L]_i, as far as there is one.
    rest : Array, shape (N, n_L), or None
        What is left of s Δ[L] where the loss has a slope and no curvature; None for nothing.
    """

    root: Array
    residual: Array
    rest: Array | None


def output_factor(
    network: Network, trace: Trace, y: Array, row_weights: Array | float
) -> OutputFactor:
    """G1 on checked arrays.

    With the loss's natural activation ∂²ℓ/∂z² is (Σ_k y_k) ∂a/∂z, or ∂a/∂z. For any other pair it is
    (∂a/∂z)ᵀ ∂²ℓ/∂a² ∂a/∂z, the part of ∂²ℓ/∂z² without φ″.
    """
    loss, phi, z, a = network.loss, network.activations[-1], trace.Z[-1], trace.A[-1]
    xp = array_namespace(z)
    _, delta = loss.value_and_delta(y, z, a, phi)
    s = row_weights if isinstance(row_weights, float) else row_weights[:, None]
    root_s = s**0.5
    if isinstance(phi, Elementwise):
        if phi.name == loss.natural and not phi.custom:
            diagonal = xp.sqrt(phi.derivative(z))  # G1
        else:
            parts = _pulled(loss, phi, y, z, a)
            diagonal = parts[0]
            if len(parts) > 1:
                diagonal = xp.sqrt(sum(part * part for part in parts))  # G1
        curved = diagonal != 0
        safe = xp.where(curved, diagonal, xp.ones_like(diagonal))
        residual = root_s * xp.where(curved, delta / safe, xp.zeros_like(delta))
        left = xp.where(curved, xp.zeros_like(delta), s * delta)
        rest = left if bool(xp.any(left != 0)) else None
        return OutputFactor(_diagonals(root_s * diagonal), residual.T, rest)
    if phi.name == loss.natural:
        total = xp.sum(y, axis=1, keepdims=True)
        root_a = xp.sqrt(a)
        columns = _diagonals(root_a) - root_a.T[:, :, None] * a[None, :, :]
        root = (root_s * xp.sqrt(total))[None] * columns  # G1
        scale = root_a * xp.sqrt(total)
        there = scale != 0
        safe = xp.where(there, scale, xp.ones_like(scale))
        residual = root_s * xp.where(there, delta / safe, xp.zeros_like(delta))
        return OutputFactor(root, residual.T, None)
    roots = _roots(loss, y, a)
    columns = [
        getattr(phi, name)(z, a, unit)
        for name, g in roots.items()
        for unit in _diagonals(g)
    ]
    root = root_s * xp.stack(columns)  # G1
    zeros = xp.zeros_like(root[:, :, 0])
    return OutputFactor(root, zeros, s * delta)


def require_curvature(loss: Loss) -> None:
    """Raise unless a loss has a curvature to go by."""
    if type(loss).curvature_roots is Loss.curvature_roots or (
        getattr(loss, "ell_second", True) is None
    ):
        why = (
            "whose second derivative is not known"
            if loss.custom
            else "which has no curvature: its second derivative is 0 wherever it has one"
        )
        raise InputError(
            f"the loss {loss.name}, {why}",
            "squared_error, cross_entropy, binary_cross_entropy, poisson, huber, log_cosh",
            'Use huber in its place, or optimizer="lbfgs" or "adam".',
        )


def _roots(loss: Loss, y: Array, a: Array) -> dict[str, Array]:
    require_curvature(loss)
    return dict(loss.curvature_roots(y, a))


def _pulled(loss: Loss, phi: Activation, y: Array, z: Array, a: Array) -> list[Array]:
    """√(∂²ℓ/∂a²) ∂a/∂z of each output, in the parts that the loss has it."""
    return [getattr(phi, name)(z, a, g) for name, g in _roots(loss, y, a).items()]


def _diagonals(values: Array) -> Array:
    """Row k of the result has column k of the values in its place, and else 0; shape (n, N, n)."""
    xp = array_namespace(values)
    unit = xp.eye(values.shape[1], dtype=values.dtype, device=values.device)
    return unit[:, None, :] * values[None, :, :]
