"""The results of a run, and the files that it leaves: the model, report.json, report.html."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..data.dataset import Dataset
from ..data.evaluation import Evaluation
from ..equations.averaging import Ensemble, Scaling
from ..equations.check_result import GradientCheck
from ..equations.network import Parameters
from ..equations.posterior import posterior_of
from ..files.json_text import json_ready
from ..files.posterior import posterior_content
from ..files.storage import save_model
from ..files.writing import write_whole
from ..optimizers.one_thread import one_thread
from ..training.report import Report
from .recipes import Recipe
from .run_folder import MODEL, PAGE, REPORT

__all__ = ["Results", "content_of", "save"]


@dataclass(frozen=True)
class Results:
    """All that is known at the end of a run.

    Parameters
    ----------
    data : Dataset
    recipe : Recipe
    report : Report
    done : Evaluation
        On the test rows.
    checked : GradientCheck
        At the trained parameters.
    command : str
        The command line that asks for the run.
    seed : int
    """

    data: Dataset
    recipe: Recipe
    report: Report
    done: Evaluation
    checked: GradientCheck
    command: str
    seed: int


def content_of(results: Results) -> dict[str, Any]:
    """The content of report.json."""
    data = results.data
    return {
        "command": results.command,
        "data": {
            "name": data.name,
            "source": data.source,
            "train_rows": data.rows,
            "test_rows": len(data.x_test),
            "scale": data.scale,
            "remarks": list(data.remarks),
            "files": data.checksums,
        },
        "recipe": results.recipe.as_dict(),
        "training": results.report.as_dict(),
        "test": json_ready(results.done.as_dict()),
        "gradient_check": results.checked.as_dict(),
    }


def posterior_beside(results: Results) -> tuple[dict[str, Any], Mapping[str, Any]]:
    """The note and the arrays of the posterior, after Bayesian regularization of numbers."""
    report, data = results.report, results.data
    noted = report.history[-1].details if report.history else {}
    if results.recipe.regularization != "bayes" or "beta" not in noted:
        return {}, {}
    network, x = report.network, np.asarray(data.scaled("float64")[0])
    y = np.asarray(data.standardized_targets()[0], dtype=np.float64)
    y = y.reshape(len(x), network.sizes[-1])
    factor = float(network.loss.specification()["factor"])
    prior = noted["alpha"] / (noted["beta"] * len(x) / (2 * factor))
    theta = np.asarray(report.parameters.theta, dtype=np.float64)
    exact = Parameters(network.sizes, theta)
    with one_thread():
        member = posterior_of(network, exact, x, y, None, prior)
    inputs, outputs = network.sizes[0], network.sizes[-1]
    zero, one = np.zeros, np.ones
    plain = Scaling(zero(inputs), one(inputs), zero(outputs), one(outputs))
    note, arrays = posterior_content(Ensemble(network, (member,), plain))
    return {"posterior": note}, arrays


def save(folder: Path, results: Results) -> None:
    """Write the three files; a file that is there before is replaced only by a whole one."""
    from ..show.report_page import page_of

    data = results.data
    notes = {
        "data": data.name,
        "files": dict(zip(("train", "test"), data.checksums.values(), strict=False)),
        "classes": list(data.classes),
        "scale": data.scale,
        "picture": None if data.image_shape is None else list(data.image_shape),
        "preparation": data.preparation.as_dict(),
        "command": results.command,
        "test": json_ready({"rows": len(data.x_test), **results.done.metrics}),
        "gradient_check": results.checked.as_dict(),
    }
    page = page_of(
        data,
        results.recipe,
        results.report,
        results.done,
        results.checked,
        results.command,
    )
    note, arrays = posterior_beside(results)
    report = results.report
    save_model(folder / MODEL, report.network, report.parameters, notes | note, arrays)
    write_whole(
        folder / REPORT, (json.dumps(content_of(results), indent=2) + "\n").encode()
    )
    write_whole(folder / PAGE, page.encode())
