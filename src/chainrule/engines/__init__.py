"""Engines: what computes, behind one interface, and how one is chosen."""

from __future__ import annotations

import logging

from ..equations.arrays import Array
from ..equations.network import Network
from ..errors import InputError
from ..optimizers.rules import Rules
from .interface import Engine
from .native import Native
from .reference import Reference

__all__ = ["ENGINES", "choose_engine"]

#: name → engine, the fastest first.
ENGINES: dict[str, Engine] = {engine.name: engine for engine in (Native(), Reference())}

logger = logging.getLogger("chainrule")


def choose_engine(
    name: str, network: Network, rules: Rules, theta: Array
) -> tuple[Engine, str]:
    """The engine for a job, and why.

    Parameters
    ----------
    name : str
        A name from `ENGINES`, which does the job or refuses, or "auto": the fastest that can.

    Raises
    ------
    InputError
        An unknown name, or an engine that cannot do the job; names one that can.
    """
    reasons = {}
    for engine in ENGINES.values():
        reasons[engine.name] = engine.refusal(network, rules, theta)
    able = [engine for engine in ENGINES.values() if reasons[engine.name] is None]
    if name == "auto":
        refused = [
            f"{other} cannot: {why}"
            for other, why in reasons.items()
            if why is not None
        ]
        reason = "; ".join(["the fastest engine that can do the job", *refused])
        logger.info("engine %s: %s", able[0].name, reason)
        return able[0], reason
    if name not in ENGINES:
        raise InputError(
            f"engine = {name!r}", f'"auto", {", ".join(ENGINES)}', 'Pass engine="auto".'
        )
    if reasons[name] is not None:
        raise InputError(
            f"engine = {name!r}, which cannot do this job: {reasons[name]}",
            ", ".join(engine.name for engine in able),
            f'Pass engine="{able[0].name}".',
        )
    return ENGINES[name], "asked for by name"
