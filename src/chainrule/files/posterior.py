"""The posterior beside a network in a model file: what intervals are made of."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..equations.averaging import Ensemble, Scaling
from ..equations.network import Network
from ..equations.posterior import Posterior
from .schema import fitted
from .storage import NetworkText, build_network, describe_network

__all__ = ["ensemble_of", "posterior_content"]

Tensors = Mapping[str, np.ndarray[Any, Any]]


@dataclass(frozen=True)
class MemberText:
    """The numbers of a posterior, as `Posterior` has them."""

    alpha: float
    beta: float
    gamma: float
    log_evidence: float

    def __post_init__(self) -> None:
        good = all(math.isfinite(value) for value in vars(self).values())
        if not (good and self.alpha > 0 and self.beta > 0):
            raise ValueError(f"precisions {self.alpha} and {self.beta}")


@dataclass(frozen=True)
class PosteriorText:
    """The note that stands beside the arrays `posterior.K.theta` and `posterior.K.root`."""

    network: NetworkText
    members: tuple[MemberText, ...]
    x_mean: tuple[float, ...]
    x_std: tuple[float, ...]
    y_mean: tuple[float, ...]
    y_std: tuple[float, ...]

    def __post_init__(self) -> None:
        ends = self.network.sizes[0], self.network.sizes[-1]
        counts = [len(self.x_mean), len(self.x_std), len(self.y_mean), len(self.y_std)]
        if counts != [ends[0], ends[0], ends[1], ends[1]] or not self.members:
            raise ValueError(f"means of {counts} columns for {ends}")
        numbers = (*self.x_mean, *self.x_std, *self.y_mean, *self.y_std)
        spreads = (*self.x_std, *self.y_std)
        if not all(map(math.isfinite, numbers)) or min(spreads) <= 0:
            raise ValueError("means or standard deviations that are none")


def posterior_content(ensemble: Ensemble) -> tuple[dict[str, Any], Tensors]:
    """The note and the arrays of an ensemble."""
    scaling, tensors = ensemble.scaling, {}
    for k, member in enumerate(ensemble.members):
        tensors[f"posterior.{k}.theta"] = member.theta
        tensors[f"posterior.{k}.root"] = member.root
    names = ("alpha", "beta", "gamma", "log_evidence")
    note = {
        "network": describe_network(ensemble.network),
        "members": [
            {name: float(getattr(member, name)) for name in names}
            for member in ensemble.members
        ],
        **{name: value.tolist() for name, value in vars(scaling).items()},
    }
    return note, tensors


def ensemble_of(note: Any, tensors: Tensors) -> Ensemble:
    """The ensemble of a note and its arrays; `ValueError` where they do not fit each other."""
    text = fitted(PosteriorText, note, "posterior")
    network: Network = build_network(note["network"])
    D, members = network.n_parameters, []
    names = {
        f"posterior.{k}.{part}"
        for k in range(len(text.members))
        for part in ("theta", "root")
    }
    if set(tensors) != names:
        raise ValueError(f"arrays {', '.join(tensors)} of a posterior")
    for k, member in enumerate(text.members):
        theta, root = (tensors[f"posterior.{k}.{part}"] for part in ("theta", "root"))
        good = theta.shape == (D,) and root.ndim == 2 and root.shape[0] == D
        good = good and root.shape[1] <= D and theta.dtype == root.dtype == np.float64
        if not (good and np.isfinite(theta).all() and np.isfinite(root).all()):
            raise ValueError(f"a posterior of shapes {theta.shape} and {root.shape}")
        members.append(
            Posterior(
                theta,
                root,
                member.alpha,
                member.beta,
                member.log_evidence,
                member.gamma,
            )
        )
    columns = (text.x_mean, text.x_std, text.y_mean, text.y_std)
    return Ensemble(network, tuple(members), Scaling(*map(np.array, columns)))
