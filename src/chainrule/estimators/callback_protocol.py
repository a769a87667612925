"""scikit-learn's callback protocol, where the installed version has it (since 1.9): an epoch is a task of the fit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..training.callbacks import Callback, Moment
from .live_weights import as_coefs

__all__ = ["CallbackSupport", "EpochTasks", "with_callbacks"]

Method = Callable[..., Any]

try:
    from sklearn.callback import CallbackSupportMixin as CallbackSupport
    from sklearn.callback import with_callbacks
except ImportError:

    class CallbackSupport:  # type: ignore[no-redef]
        """scikit-learn before 1.9: there is nothing to support."""

    def with_callbacks(method: Method) -> Method:
        """The method itself."""
        return method


class EpochTasks(Callback):
    """Tells the callbacks that `set_callbacks` set of each epoch.

    Parameters
    ----------
    estimator : estimator
        Whose `fit` runs.
    X, y : array
        What it was given.
    metadata : dict or None
        Row weights and validation rows that it was given.
    """

    def __init__(
        self, estimator: Any, X: Any, y: Any, metadata: dict[str, Any] | None
    ) -> None:
        self._estimator = estimator
        self._given = {"X": X, "y": y, "metadata": metadata}
        self._fit: Any = None
        self._epoch: Any = None

    def on_start(self, moment: Moment) -> None:
        self._fit = self._estimator._init_callback_context(
            max_subtasks=self._estimator.max_iter
        )
        self._fit.call_on_fit_task_begin(estimator=self._estimator, **self._given)
        self._begin(moment)

    def on_epoch(self, moment: Moment) -> bool:
        stop = self._epoch.call_on_fit_task_end(
            estimator=self._estimator, **self._given, **self._fitted(moment)
        )
        self._epoch = None
        if not stop and len(moment.history) < self._estimator.max_iter:
            self._begin(moment)
        return bool(stop)

    def on_end(self, moment: Moment) -> None:
        if self._epoch is not None:  # one that was begun and not made
            self._epoch.call_on_fit_task_end(estimator=self._estimator)
        self._fit.call_on_fit_task_end(
            estimator=self._estimator, **self._given, **self._fitted(moment)
        )

    def _begin(self, moment: Moment) -> None:
        self._epoch = self._fit.subcontext(task_name="epoch")
        self._epoch.call_on_fit_task_begin(
            estimator=self._estimator, **self._given, **self._fitted(moment)
        )

    def _fitted(self, moment: Moment) -> dict[str, Any]:
        coefs, intercepts = as_coefs(moment.parameters)
        return {
            "reconstruction_attributes": {"coefs_": coefs, "intercepts_": intercepts}
        }
