"""What each parameter may be, in scikit-learn's declarative form; scikit-learn checks it and words the errors."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.utils._param_validation import Interval, Options, StrOptions

from ..engines import ENGINES
from ..equations.activation import Activation
from ..equations.activations import ACTIVATIONS
from ..equations.losses import LOSSES, Loss
from ..optimizers import OPTIMIZERS, Optimizer
from ..optimizers.schedules import SCHEDULES, Schedule

__all__ = ["CONSTRAINTS", "losses"]

FACTOR = Interval(Real, 0, None, closed="left")
SHARE = Interval(Real, 0, 1, closed="left")
COUNT = Interval(Integral, 1, None, closed="left")

#: parameter → what it may be.
CONSTRAINTS: dict[str, list[Any]] = {
    "hidden_layer_sizes": ["array-like", COUNT],
    "activation": [StrOptions({"logistic", *ACTIVATIONS}), Activation, list, tuple],
    "solver": [StrOptions(set(OPTIMIZERS)), Optimizer],
    "alpha": [FACTOR],
    "batch_size": [StrOptions({"auto"}), COUNT],
    "learning_rate": [StrOptions({"invscaling", *SCHEDULES}), Schedule],
    "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
    "power_t": [FACTOR],
    "max_iter": [COUNT],
    "shuffle": ["boolean"],
    "random_state": ["random_state"],
    "tol": [FACTOR],
    "verbose": ["verbose"],
    "warm_start": ["boolean"],
    "momentum": [Interval(Real, 0, 1, closed="both")],
    "nesterovs_momentum": ["boolean"],
    "early_stopping": ["boolean"],
    "validation_fraction": [SHARE],
    "beta_1": [SHARE],
    "beta_2": [SHARE],
    "epsilon": [Interval(Real, 0, None, closed="neither")],
    "n_iter_no_change": [COUNT, Options(Real, {np.inf})],
    "max_fun": [COUNT],
    "l1": [FACTOR],
    "l2": [FACTOR],
    "dropout": [SHARE, "array-like"],
    "input_dropout": [SHARE],
    "engine": [StrOptions({"auto", *ENGINES})],
    "n_threads": [COUNT, None],
    "callbacks": [list, tuple, None],
    "progress": ["boolean"],
}


def losses(*of_scikit_learn: str) -> list[Any]:
    """What `loss` may be: scikit-learn's names, those of `LOSSES`, or a loss."""
    return [StrOptions({*of_scikit_learn, *LOSSES}), Loss]
