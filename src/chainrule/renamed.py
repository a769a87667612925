"""The names of version 0.1 that are called otherwise: who asks for one is told what it is called now."""

from __future__ import annotations

import sys

TYPE_CHECKING = (
    False  # importing typing would cost three times as much as all else here
)
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

__all__ = ["Finder", "hint"]

#: Public names and modules of 0.1.
RENAMED = {
    "loss": "objective",
    "own_activation": "custom_activation",
    "own_loss": "custom_loss",
    "conventions": "documents",
    "derivations": "documents.derivations",
    "errata": "documents.table",
}
#: Modules that pickles of 0.1 name.
MOVED = {
    "activation_types": "equations.activation",
    "backward_pass": "equations.backward_pass",
    "callbacks": "training.callbacks",
    "checkpoints": "training.checkpoints",
    "dataset": "data.dataset",
    "diagnostics": "training.diagnostics",
    "forward_pass": "equations.forward_pass",
    "gradient_check": "equations.gradient_check",
    "loss_types": "equations.loss",
    "network": "equations.network",
    "own_functions": "equations.custom",
    "predictor": "engines.predictor",
    "preparation": "data.preparation",
    "report": "training.report",
    "stopping": "training.stopping",
    "storage": "files.storage",
}


def hint(name: str) -> str:
    """The present name of one of 0.1, as the end of a sentence; empty for another name."""
    if name in RENAMED:
        return f"; it is chainrule.{RENAMED[name]} now"
    if name in MOVED:
        return (
            f"; it is chainrule.{MOVED[name]} now. A pickle of 0.1 that names it cannot be read: save the network "
            "with save_model of 0.1, which load_model reads, or train again"
        )
    return ""


class Finder:
    """The last of `sys.meta_path`: no module of 0.1 is found, and the error has the hint."""

    @staticmethod
    def find_spec(
        name: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> None:
        """Raise for a name of 0.1."""
        package, _, last = name.rpartition(".")
        if package == "chainrule" and hint(last):
            raise ImportError(f"0.1 had {name}{hint(last)}.", name=name)


if Finder not in sys.meta_path:
    sys.meta_path.append(Finder)
