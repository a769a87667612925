"""The contenders, one module each, imported only in a worker process of their own."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from cases import Case

if TYPE_CHECKING:
    from .interface import Contender

#: name → (module, what it is). chainrule first; the rest are its peers.
CONTENDERS = {
    "chainrule": ("chainrule_", "chainrule, native engine"),
    "sklearn": ("sklearn_", "scikit-learn MLPClassifier, MLPRegressor"),
    "torch_eager": ("torch_eager", "PyTorch, eager, fused optimizer"),
    "torch_compiled": ("torch_compiled", "PyTorch, the whole step under torch.compile"),
    "jax": ("jax_", "JAX, the whole epoch jitted"),
    "numpy": ("numpy_", "plain NumPy"),
    "onnxruntime": ("onnxruntime_", "onnxruntime"),
}


def forms(name: str, case: Case) -> list[str]:
    """The ways in which a contender does a case; the best of a peer counts."""
    trains = case.kind in ("training", "memory")
    if name == "chainrule":
        return ["train", "run_epoch"] if trains else ["Predictor"]
    if name == "onnxruntime":
        return [] if trains else ["session"]
    if name == "sklearn":
        return [
            "fit" if trains else "predict" if case.batch_rows == 1 else "predict_proba"
        ]
    if not trains:
        return ["call"]
    if case.pixels:
        return ["float32 held", "uint8 held"]
    if name == "jax" and not case.full_batch:
        return ["order given", "shuffled"]
    return ["step" if case.full_batch else "shuffled"]


def held_dtype(name: str, case: Case, form: str) -> str:
    """In which dtype a contender holds the rows."""
    return (
        "uint8"
        if form == "uint8 held" or (name == "chainrule" and case.pixels)
        else "float32"
    )


def load(name: str) -> type[Contender]:
    """The class of a contender; imports its library."""
    module = importlib.import_module(f"contenders.{CONTENDERS[name][0]}")
    return module.Contender  # type: ignore[no-any-return]
