"""Plain NumPy, and in float64 the judge of all contenders."""

from __future__ import annotations

from typing import Any

import numpy as np
from cases import PIXEL_SCALE, Array, Case

from . import interface

DERIVATIVES = {"relu": lambda a: a > 0, "tanh": lambda a: 1 - a * a}


def forward(
    case: Case, weights: list[Array], biases: list[Array], x: Array
) -> list[Array]:
    """A[0] … A[L]."""
    a = [x]
    for w, b, phi in zip(weights, biases, case.activations, strict=True):
        z = a[-1] @ w.T
        z += b
        if phi == "relu":
            np.maximum(z, 0, out=z)
        elif phi == "tanh":
            np.tanh(z, out=z)
        elif phi == "softmax":
            z -= z.max(axis=1, keepdims=True)
            np.exp(z, out=z)
            z /= z.sum(axis=1, keepdims=True)
        a.append(z)
    return a


def loss(case: Case, theta: Array, x: Array, y: Array) -> float:
    """J in float64."""
    weights, biases = case.split(theta.astype(np.float64))
    a = forward(case, weights, biases, x.astype(np.float64))[-1]
    if case.loss == "cross_entropy":
        return float(-np.log(a[np.arange(len(y)), y]).mean())
    return float(0.5 * ((a - y) ** 2).sum(axis=1).mean())


class Stepper:
    """Gradient descent or Adam on one network, in the dtype of θ."""

    def __init__(self, case: Case, theta: Array) -> None:
        self.case, self.t = case, 0
        self.weights, self.biases = case.split(theta)
        self.parameters = [*self.weights, *self.biases]
        self.m = [np.zeros_like(p) for p in self.parameters]
        self.v = [np.zeros_like(p) for p in self.parameters]

    def gradients(self, x: Array, y: Array) -> list[Array]:
        case = self.case
        a = forward(case, self.weights, self.biases, x)
        delta = a[
            -1
        ]  # softmax with cross-entropy and identity with squared error: A - Y, over N
        if case.loss == "cross_entropy":
            delta[np.arange(len(y)), y] -= 1
        else:
            delta -= y
        delta /= len(y)
        dw: list[Array] = []
        db: list[Array] = []
        for layer in range(len(self.weights) - 1, -1, -1):
            dw.insert(0, delta.T @ a[layer])
            db.insert(0, delta.sum(axis=0))
            if layer:
                delta = delta @ self.weights[layer]
                delta *= DERIVATIVES[case.activations[layer - 1]](a[layer])
        return [*dw, *db]

    def step(self, x: Array, y: Array) -> None:
        rate = self.case.learning_rate
        gradients = self.gradients(x, y)
        if self.case.optimizer != "adam":
            for p, g in zip(self.parameters, gradients, strict=True):
                g *= rate
                p -= g
            return
        self.t += 1
        corrected = rate / (1 - 0.9**self.t)
        for p, g, m, v in zip(self.parameters, gradients, self.m, self.v, strict=True):
            m *= 0.9
            m += 0.1 * g
            v *= 0.999
            g *= g
            g *= 0.001
            v += g
            root = np.sqrt(v / (1 - 0.999**self.t))
            root += 1e-8
            p -= corrected * m / root

    @property
    def theta(self) -> Array:
        return self.case.join(self.weights, self.biases)


class Contender(interface.Contender):
    """A loop over batches that are gathered into a buffer."""

    def set_up(self) -> None:
        self.stepper = Stepper(self.case, self.inputs.theta)
        self.rng = np.random.default_rng(1)
        self.buffer = np.empty(
            (self.case.batch_rows, self.case.sizes[0]), self.inputs.x.dtype
        )

    def _rows(self, rows: Array | None) -> Array:
        x = self.inputs.x
        if rows is not None:
            x = np.take(x, rows, axis=0, out=self.buffer[: len(rows)], mode="clip")
        if x.dtype == np.uint8:
            x = x.astype(np.float32)
            x *= np.float32(PIXEL_SCALE)
        return x

    def theta_after(self, batches: list[Array]) -> Array:
        stepper = Stepper(self.case, self.inputs.theta)
        for rows in batches:
            stepper.step(
                self._rows(None if self.case.full_batch else rows), self.inputs.y[rows]
            )
        return stepper.theta

    def output(self, rows: int) -> Array:
        return forward(
            self.case, self.stepper.weights, self.stepper.biases, self.inputs.x[:rows]
        )[-1]

    def work(self, units: int) -> None:
        case, inputs, step = self.case, self.inputs, self.stepper.step
        for _ in range(units):
            if case.kind == "prediction":
                self.output(case.batch_rows)
            elif case.full_batch:
                step(self._rows(None), inputs.y)
            else:
                order = self.rng.permutation(case.rows)
                for at in range(0, case.rows, case.batch_rows):
                    rows = order[at : at + case.batch_rows]
                    step(self._rows(rows), inputs.y[rows])

    def versions(self) -> dict[str, str]:
        config: Any = np.show_config(mode="dicts")
        blas = config["Build Dependencies"]["blas"]
        return {
            "numpy": np.__version__,
            "numpy BLAS": f"{blas['name']} {blas['version']}",
        }
