"""The naive oracle as the truth of the documents' lines: what `errata.truth.ComplexStep` does, in scalar Python.

Nothing of chainrule computes here: values and derivatives come from `tests.oracle`, one number at a time.
"""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import numpy as np

from chainrule.documents import Sweep

from . import oracle
from .oracle import H


class OracleTruth:
    """Derivatives of a sweep's forward pass by the oracle."""

    def __init__(self, sweep: Sweep) -> None:
        self.sweep = sweep
        self.problem = oracle.Problem(
            weights=[W.tolist() for W in sweep.parameters.weights],
            biases=[b.tolist() for b in sweep.parameters.biases],
            activations=[phi.specification() for phi in sweep.network.activations],
            loss=sweep.network.loss.specification(),
            x=sweep.x.tolist(),
            y=sweep.y.tolist(),
            reduction=sweep.reduction,
        )

    def jacobian(
        self, of: tuple[str, int], wrt: tuple[str, int], row: int = 0
    ) -> np.ndarray:
        """∂(of)/∂(wrt) of one row, the axis of `of` first."""

        def read(ran: oracle.Row) -> np.ndarray:
            values = ran.Z[of[1] - 1] if of[0] == "Z" else ran.A[of[1]]
            return np.array(values).imag / H

        letter, l = wrt
        if letter in "ZA":
            width = self.sweep.network.sizes[l]
            parts = [
                read(oracle.run_row(self.problem, row, (l, k), letter))
                for k in range(width)
            ]
            return np.stack(parts, axis=-1)
        holders = (
            self.problem.weights[l - 1]
            if letter == "W"
            else [self.problem.biases[l - 1]]
        )
        parts = []
        for holder in holders:
            for k, kept in enumerate(holder):
                holder[k] = kept + 1j * H
                parts.append(read(oracle.run_row(self.problem, row)))
                holder[k] = kept
        shape = (len(holders), len(holders[0])) if letter == "W" else (len(holders[0]),)
        return np.stack(parts, axis=-1).reshape(-1, *shape)

    def objective_gradient(self, wrt: tuple[str, int], row: int) -> np.ndarray:
        """∂J/∂(wrt) of the objective, by Z or A of one row."""
        letter, l = wrt
        problem = self.problem
        rows = range(len(problem.x))
        share = 1 / len(rows) if problem.reduction == "mean" else 1.0

        def objective(k: int) -> complex:
            bumps = {row: ((l, k), letter)}
            return share * sum(
                oracle.run_row(problem, i, *bumps.get(i, ())).ell for i in rows
            )

        width = self.sweep.network.sizes[l]
        return np.array([objective(k).imag / H for k in range(width)])

    def slope(self, direction: np.ndarray) -> float:
        """The derivative of J along a direction in θ."""
        moved = copy.deepcopy(self.problem)
        at = 0
        for holder in [line for W in moved.weights for line in W] + moved.biases:
            for k in range(len(holder)):
                holder[k] += 1j * H * direction[at]
                at += 1
        return oracle.objective(moved).imag / H

    def measured(self) -> Sweep:
        """The sweep with every number replaced by the oracle's."""
        rows = range(len(self.problem.x))
        ran = [oracle.run_row(self.problem, i) for i in rows]
        L, n = self.sweep.network.n_layers, self.sweep.network.sizes

        def own(letter: str, l: int) -> np.ndarray:
            return np.array(
                [
                    [
                        oracle.run_row(self.problem, i, (l, k), letter).ell.imag / H
                        for k in range(n[l])
                    ]
                    for i in rows
                ]
            )

        def values(per_row: Any) -> np.ndarray:
            return np.array([per_row(row) for row in ran]).real

        return replace(
            self.sweep,
            Z=tuple(values(lambda row, l=l: row.Z[l - 1]) for l in range(1, L + 1)),
            A=tuple(values(lambda row, l=l: row.A[l]) for l in range(L + 1)),
            ell=values(lambda row: row.ell),
            J=oracle.objective(self.problem).real,
            dZ=tuple(own("Z", l) for l in range(1, L + 1)),
            dA=tuple(own("A", l) for l in range(L + 1)),
            dW=tuple(np.array(g) for g in oracle.weight_gradient(self.problem)),
            db=tuple(np.array(g) for g in oracle.bias_gradient(self.problem)),
        )
