"""JAX: a whole epoch, or many full-batch steps, in one jitted `lax.scan`."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from cases import PIXEL_SCALE, Array
from jax import lax

from . import interface

ACTIVATIONS = {"relu": jax.nn.relu, "tanh": jnp.tanh}


class Contender(interface.Contender):
    """Form "order given": rows stand in their order already, and putting them there is not timed."""

    def set_up(self) -> None:
        case = self.case
        self.x, self.y = jnp.asarray(self.inputs.x), jnp.asarray(self.inputs.y)
        self.state = self._start()
        self.key = jax.random.key(0)
        if case.kind == "prediction":
            self.predict = jax.jit(lambda p, x: jax.nn.softmax(self._logits(p, x)))
            self.rows = self.x[: case.batch_rows]
        elif self.form == "order given":
            order = jnp.asarray(case.order())
            self.x, self.y = self.x[order], self.y[order]

    def _start(self) -> Any:
        weights, biases = self.case.split(self.inputs.theta)
        p = [
            (jnp.asarray(w), jnp.asarray(b))
            for w, b in zip(weights, biases, strict=True)
        ]
        zeros = partial(jax.tree.map, jnp.zeros_like)
        return (
            (p, zeros(p), zeros(p), jnp.zeros(()))
            if self.case.optimizer == "adam"
            else (p,)
        )

    def _logits(self, p: Any, x: jax.Array) -> jax.Array:
        if x.dtype == jnp.uint8:
            x = x.astype(jnp.float32) * PIXEL_SCALE
        for (w, b), phi in zip(p, self.case.activations, strict=True):
            x = x @ w.T + b
            x = ACTIVATIONS[phi](x) if phi in ACTIVATIONS else x
        return x

    def _loss(self, p: Any, x: jax.Array, y: jax.Array) -> jax.Array:
        z = self._logits(p, x)
        if self.case.loss == "cross_entropy":
            return -jnp.take_along_axis(jax.nn.log_softmax(z), y[:, None], 1).mean()
        return 0.5 * ((z - y) ** 2).sum(1).mean()

    def _step(self, state: Any, x: jax.Array, y: jax.Array) -> Any:
        g = jax.grad(self._loss)(state[0], x, y)
        rate, tree_map = self.case.learning_rate, jax.tree.map
        if self.case.optimizer != "adam":
            return (tree_map(lambda p, d: p - rate * d, state[0], g),)
        p, m, v, t = state
        t = t + 1
        m = tree_map(lambda a, d: 0.9 * a + 0.1 * d, m, g)
        v = tree_map(lambda a, d: 0.999 * a + 0.001 * d * d, v, g)
        mean_part, square_part = rate / (1 - 0.9**t), 1 / (1 - 0.999**t)
        p = tree_map(
            lambda a, b, c: a - mean_part * b / (jnp.sqrt(c * square_part) + 1e-8),
            p,
            m,
            v,
        )
        return p, m, v, t

    @partial(jax.jit, static_argnums=(0, 4), donate_argnums=1)
    def _full_batch_steps(
        self, state: Any, x: jax.Array, y: jax.Array, steps: int
    ) -> Any:
        return lax.scan(
            lambda s, _: (self._step(s, x, y), None), state, None, length=steps
        )[0]

    @partial(jax.jit, static_argnums=0, donate_argnums=1)
    def _epoch(self, state: Any, x: jax.Array, y: jax.Array) -> Any:
        """Over rows that stand in their order."""
        size = self.case.batch_rows
        whole = len(x) // size * size
        blocks = tuple(a[:whole].reshape(-1, size, *a.shape[1:]) for a in (x, y))
        state, _ = lax.scan(lambda s, b: (self._step(s, *b), None), state, blocks)
        return self._step(state, x[whole:], y[whole:]) if whole < len(x) else state

    @partial(jax.jit, static_argnums=0, donate_argnums=1)
    def _epoch_in_order(
        self, state: Any, x: jax.Array, y: jax.Array, order: jax.Array
    ) -> Any:
        """Over rows that are gathered batch by batch."""
        size = self.case.batch_rows
        whole = len(order) // size * size
        blocks = order[:whole].reshape(-1, size)
        state, _ = lax.scan(
            lambda s, rows: (self._step(s, x[rows], y[rows]), None), state, blocks
        )
        return (
            self._step(state, x[order[whole:]], y[order[whole:]])
            if whole < len(order)
            else state
        )

    def theta_after(self, batches: list[Array]) -> Array:
        case, state = self.case, self._start()
        if case.full_batch:
            state = self._full_batch_steps(state, self.x, self.y, len(batches))
        else:
            rows = np.concatenate(batches)
            if self.form == "shuffled":
                state = self._epoch_in_order(state, self.x, self.y, jnp.asarray(rows))
            else:
                state = self._epoch(
                    state,
                    jnp.asarray(self.inputs.x[rows]),
                    jnp.asarray(self.inputs.y[rows]),
                )
        return case.join(
            *([jax.device_get(a) for a in part] for part in zip(*state[0], strict=True))
        )

    def output(self, rows: int) -> Array:
        return jax.device_get(self.predict(self.state[0], self.x[:rows]))

    def work(self, units: int) -> None:
        case = self.case
        if case.kind == "prediction":
            predict, p, rows = self.predict, self.state[0], self.rows
            for _ in range(units):
                predict(p, rows).block_until_ready()
            return
        if case.full_batch:
            self.state = self._full_batch_steps(self.state, self.x, self.y, units)
        else:
            for _ in range(units):
                if self.form == "shuffled":
                    self.key, key = jax.random.split(self.key)
                    order = jax.random.permutation(key, case.rows)
                    self.state = self._epoch_in_order(self.state, self.x, self.y, order)
                else:
                    self.state = self._epoch(self.state, self.x, self.y)
        jax.block_until_ready(self.state)

    def versions(self) -> dict[str, str]:
        import jaxlib

        return {"jax": jax.__version__, "jaxlib": jaxlib.__version__}
