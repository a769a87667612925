"""The thin door to the compiled engine: whole epochs in one call.

Everything that is computed there is written in `native/`, with the equation numbers beside the
lines. What it does not do it refuses by name, and `engine="auto"` takes the reference.
"""

from __future__ import annotations

import functools
import importlib
import logging
import math
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np

from ..equations.activation import Elementwise
from ..equations.arrays import Array, is_numpy_array, row_major
from ..equations.backward_pass import Gradient, gradient_of_input, output_gradient
from ..equations.forward_pass import Trace
from ..equations.losses import Pinball, Pointwise
from ..equations.network import Network, Parameters
from ..errors import InputError
from ..optimizers.rules import Rules
from ..optimizers.state import State
from .interface import AfterStep, Engine, Masks, Pause, Workspace
from .native_epoch import NativeEpoch, all_finite
from .reference import Reference
from .rows import Data, EpochPart
from .threads import thread_limit

MISSING: str | None = None
try:
    _native: Any = importlib.import_module("._native", __package__)
except (
    ModuleNotFoundError
):  # installed without a compiler, or with CHAINRULE_NATIVE=off
    _native, MISSING = None, "it is not built"
except ImportError as error:
    _native, MISSING = None, f"it is built but does not load ({error})"

__all__ = [
    "MISSING",
    "STRATEGIES",
    "Native",
    "compiler_version",
    "flops",
    "instruction_set",
    "instruction_sets",
    "refused_pair",
    "strategy",
    "thread_limit",
]

#: The names of activations, losses and optimizers that it has, and its numbers for them: of native/functions.def.
PHI: dict[str, int] = {} if _native is None else _native.PHI
ELL: dict[str, int] = {} if _native is None else _native.ELL
RULE: dict[str, int] = {} if _native is None else _native.RULE
logger = logging.getLogger("chainrule")
#: Floating-point operations of a step below which a second thread costs more than it saves.
WORTH_A_THREAD = 600_000


#: The strategies of a step, and when a network gets one.
STRATEGIES = {
    "narrow": "no layer wider than 32 units, and at most 64 inputs",
    "tiles": "a gradient that takes less room than the activations of a batch",
    "two phases": "all else",
}


def strategy(network: Network, batch_rows: int) -> str:
    """The name in `STRATEGIES` of the way in which it steps through batches of so many rows."""
    description = _describe(network, None)
    description.batch_rows = batch_rows
    return str(_native.strategy(description))


def compiler_version() -> str:
    """Of the compiler that built it."""
    return str(_native.compiler)


def instruction_sets() -> list[str]:
    """The instruction sets that are built and run on this processor, the widest last."""
    return (
        []
        if _native is None
        else [name for name, here in _native.instruction_sets() if here]
    )


def instruction_set() -> str:
    """The one that is used: the widest, or what CHAINRULE_ISA names."""
    available = instruction_sets()
    wanted = os.environ.get("CHAINRULE_ISA")
    if wanted and wanted not in available:
        raise InputError(
            f"CHAINRULE_ISA={wanted}",
            f"one of {', '.join(available)} on this machine",
            "Unset it for the best.",
        )
    return wanted or available[-1]


def keeps_subnormals() -> bool:
    """Return whether numbers below the smallest normal one are kept, by CHAINRULE_SUBNORMALS; else they count as 0."""
    wanted = os.environ.get("CHAINRULE_SUBNORMALS") or "flush"
    if wanted not in ("flush", "keep"):
        raise InputError(
            f"CHAINRULE_SUBNORMALS={wanted}", "flush or keep", "Unset it for flush."
        )
    return wanted == "keep"


def flops(network: Network, rows: int) -> int:
    """Multiplications and additions of F1, B2 and B3 for so many rows."""
    pairs = list(zip(network.sizes, network.sizes[1:], strict=False))
    forward = sum(n * m for n, m in pairs)
    return 2 * rows * (2 * forward + sum(n * m for n, m in pairs[1:]))


@dataclass(frozen=True)
class NativeWorkspace(Workspace):
    """The compiled engine, with all its memory."""

    compiled: Any = None


@final
class Native(Engine):
    """Compiled C++ on the CPU, float32 and float64."""

    name: ClassVar[str] = "native"

    def refusal(self, network: Network, rules: Rules, theta: Array) -> str | None:
        if MISSING is not None:
            return MISSING
        if not is_numpy_array(theta):
            return "it takes NumPy arrays"
        if theta.dtype not in (np.float32, np.float64):
            return f"it computes in float32 and float64, not {theta.dtype}"
        if network.n_layers > _native.MAX_LAYERS:
            return f"it has room for {_native.MAX_LAYERS} layers"
        return _refused_function(network) or _refused_rule(rules)

    def prepare(
        self,
        network: Network,
        rules: Rules,
        dtype: Any,
        threads: int | None = None,
        scale: float | None = None,
    ) -> Workspace:
        description = _describe(network, scale)
        _describe_rules(description, rules)
        little = flops(network, rules.batch_rows) < WORTH_A_THREAD
        limit = thread_limit(threads)
        description.threads = 1 if little else limit
        return NativeWorkspace(network, dtype, _compile(description, dtype))

    def loss_and_gradient(
        self,
        workspace: Workspace,
        theta: Array,
        data: Data,
        *,
        l1: float = 0.0,
        l2: float = 0.0,
        masks: Masks = None,
        reduction: str = "mean",
    ) -> tuple[Array, Array]:
        gradient = np.empty_like(theta)
        assert isinstance(workspace, NativeWorkspace)
        J = workspace.compiled.loss_and_gradient(
            **_batch(data, masks, workspace),
            theta=row_major(theta),
            gradient=gradient,
            l1=l1,
            l2=l2,
            sum=reduction == "sum",
        )
        if not (math.isfinite(J) and all_finite(gradient)):
            return Reference().loss_and_gradient(  # names it
                workspace, theta, data, l1=l1, l2=l2, masks=masks, reduction=reduction
            )
        return J, gradient

    def passes(
        self,
        workspace: Workspace,
        theta: Array,
        data: Data,
        *,
        l1: float = 0.0,
        l2: float = 0.0,
        masks: Masks = None,
        reduction: str = "mean",
        input_gradient: bool = False,
    ) -> tuple[Trace, Gradient]:
        """As `Engine.passes`; dX and ∂ℓ/∂A[L], which no step computes, are NumPy's from this engine's Δ[1] and A[L]."""
        assert isinstance(workspace, NativeWorkspace)
        network, theta = workspace.network, row_major(theta)

        def room(layers: int) -> list[Array]:
            """For an array of each of the first layers."""
            widths = network.sizes[1 : layers + 1]
            return [np.empty((data.rows, width), theta.dtype) for width in widths]

        L, sloped = network.n_layers, network.n_layers - _loss_takes_z(network)
        Z, A, slopes, delta, dA = map(room, (L, L, sloped, L, L - 1))
        flat, row_loss = np.empty_like(theta), np.empty(data.rows, theta.dtype)
        J = workspace.compiled.passes(
            **_batch(data, masks, workspace),
            theta=theta,
            gradient=flat,
            l1=l1,
            l2=l2,
            sum=reduction == "sum",
            Z=Z,
            A=A,
            slopes=slopes,
            delta=delta,
            dA=dA,
            row_loss=row_loss,
        )
        M, X = masks or (None,) * L, data.inputs()
        have = [  # a softmax has no slopes, but a Jacobian
            slope if isinstance(phi, Elementwise) else None
            for phi, slope in zip(network.activations, slopes, strict=False)
        ]
        trace = Trace(
            (X if M[0] is None else X * M[0], *A),  # F0
            tuple(Z),
            M,
            (*have, *[None] * (L - sloped)),
        )
        every = None
        if input_gradient:
            W = Parameters(network.sizes, theta).weights[0]
            dX = gradient_of_input(W, M[0], delta[0])
            every = (dX, *dA, output_gradient(network.loss, data.y, A[-1]))
        return trace, Gradient(
            network.sizes, np.float64(J), flat, tuple(delta), row_loss, every
        )

    def predictor(
        self, network: Network, parameters: Parameters, threads: int | None = None
    ) -> Callable[[Array], Array]:
        description = _describe(network, None)
        description.threads = thread_limit(threads)
        width, dtype = network.sizes[-1], parameters.theta.dtype
        compiled = _compile(description, dtype, row_major(parameters.theta))

        def predict(x: Array) -> Array:
            out = np.empty((x.shape[0], width), dtype)
            compiled.predict(x, out)
            return out

        return predict

    def aside(self) -> AbstractContextManager[Any]:
        # the threads of a BLAS keep spinning for some 20 ms after each product, on the cores of ours
        limited: AbstractContextManager[Any] = _blas().limit(limits=1, user_api="blas")
        return limited

    def run_epoch(
        self,
        workspace: Workspace,
        rules: Rules,
        data: Data,
        state: State,
        after_step: AfterStep,
        pause: Callable[[], Pause] = Pause,
        part: EpochPart | None = None,
    ) -> State:
        if not (rules.optimizer.one_gradient and isinstance(data.x, np.ndarray)):
            return super().run_epoch(
                workspace, rules, data, state, after_step, pause, part
            )
        assert isinstance(workspace, NativeWorkspace)
        compiled = workspace.compiled
        epoch = NativeEpoch.of(compiled, workspace, rules, data, state, part)
        return epoch.run(state, after_step, pause)


def _batch(data: Data, masks: Masks, workspace: NativeWorkspace) -> dict[str, Any]:
    """Rows as the compiled engine takes them: the input under its mask where it reads inputs in place."""
    x = data.x
    if (
        masks is not None
        and masks[0] is not None
        and data.scale is None
        and not workspace.compiled.takes_input_mask
    ):
        x, masks = x * masks[0], (None, *masks[1:])  # F0
    return {"x": x, "y": data.y, "w": data.sample_weight, "masks": masks}


@functools.cache
def _blas() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def _refused_function(network: Network) -> str | None:
    for phi in network.activations:
        if phi.name not in PHI or getattr(phi, "custom", False):
            return f"it does not have the activation {phi.name}"
    loss = network.loss
    if loss.name not in ELL or loss.custom:
        return f"it does not have the loss {loss.name}"
    return refused_pair(network)


def refused_pair(network: Network) -> str | None:
    """The reason that the kernels do not have this loss on this output, or None."""
    loss, output = network.loss, network.activations[-1]
    if "log1m_phi" in loss.logarithms and not isinstance(output, Elementwise):
        return f"it does not have {loss.name} on {output.name} outputs"
    return None


def _loss_takes_z(network: Network) -> bool:
    """Return whether Δ[L] is computed without φ′ of the output."""
    softmax = network.activations[-1].name == "softmax"
    return softmax or bool(network.loss.logarithms)


def _refused_rule(rules: Rules) -> str | None:
    if rules.optimizer.one_gradient and rules.optimizer.name not in RULE:
        return f"it does not have the optimizer {rules.optimizer.name}"
    return None


def _describe(network: Network, scale: float | None) -> Any:
    d = _native.Description()
    d.sizes = list(network.sizes)
    d.phis = [PHI[phi.name] for phi in network.activations]
    d.parameters = [
        phi.parameters[0][1] if isinstance(phi, Elementwise) and phi.parameters else 0.0
        for phi in network.activations
    ]
    d.ell = ELL[network.loss.name]
    loss = network.loss
    if isinstance(loss, Pointwise) and loss.parameters:
        d.loss_parameter = loss.parameters[0][1]
    if isinstance(loss, Pinball):
        d.levels = loss.quantiles * (network.sizes[-1] // len(loss.quantiles))
    d.uint8, d.scale = scale is not None, 1.0 if scale is None else scale
    d.keep_subnormals = keeps_subnormals()
    return d


def _describe_rules(d: Any, rules: Rules) -> None:
    optimizer = rules.optimizer
    if optimizer.one_gradient:
        d.rule = RULE[optimizer.name]
        d.has_slots = bool(optimizer.remembered)
        for name, value in optimizer.parameters().items():
            if name == "nesterov":
                d.rule = RULE["nesterov"] if value else d.rule
            elif name != "learning_rate":
                setattr(d, "beta2" if name == "rho" else name, value)
    d.l1, d.l2, d.alpha = rules.l1, rules.l2, rules.alpha
    d.clip_value, d.clip_norm = rules.clip_value or 0.0, rules.clip_norm or 0.0
    d.max_norm, d.frozen = rules.max_norm or 0.0, list(rules.frozen_layers)
    d.batch_rows = rules.batch_rows
    d.dropout = list(rules.dropout)


def _compile(description: Any, dtype: Any, theta: Array | None = None) -> Any:
    """An engine to train with, or with θ one to predict with."""
    bits = 32 if np.dtype(dtype) == np.float32 else 64
    make = getattr(_native, f"{'Engine' if theta is None else 'Predictor'}{bits}")
    compiled = make(description, instruction_set(), *([] if theta is None else [theta]))
    if compiled.threads < description.threads:
        logger.warning(
            "%d of %d threads: memory or a limit of the system allows no more. The numbers are the same.",
            compiled.threads,
            description.threads,
        )
    return compiled
