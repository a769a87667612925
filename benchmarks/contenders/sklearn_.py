"""scikit-learn's MLPClassifier and MLPRegressor, float32, without penalty and momentum."""

from __future__ import annotations

import warnings

import numpy as np
import sklearn
from cases import Array
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor

from . import interface

warnings.simplefilter("ignore", ConvergenceWarning)
sklearn.set_config(assume_finite=True)  # its check of the rows is not what is measured


class Contender(interface.Contender):
    """Timed through `fit` with `warm_start`, as many epochs a call as a repetition has."""

    def set_up(self) -> None:
        self.model = self._model()

    def _model(self, **settings: object) -> MLPClassifier | MLPRegressor:
        """A model that stands at the start."""
        case, inputs = self.case, self.inputs
        make = MLPClassifier if case.loss == "cross_entropy" else MLPRegressor
        model = make(
            hidden_layer_sizes=case.sizes[1:-1],
            activation=case.activations[0],
            solver="adam" if case.optimizer == "adam" else "sgd",
            alpha=0.0,
            batch_size=min(case.batch_rows, case.rows),
            learning_rate_init=case.learning_rate or 0.1,
            momentum=0.0,
            nesterovs_momentum=False,
            tol=0.0,
            n_iter_no_change=10**9,
            shuffle=not case.full_batch,
            random_state=0,
        )
        model.set_params(**settings)
        first = slice(0, max(case.batch_rows if not case.full_batch else 1, 1))
        self._partial(model, inputs.x[first], inputs.y[first])
        weights, biases = case.split(inputs.theta)
        model.coefs_ = [np.ascontiguousarray(w.T) for w in weights]
        model.intercepts_ = list(biases)
        del model._optimizer  # it remembers the step above
        return model

    def _partial(self, model: MLPClassifier | MLPRegressor, x: Array, y: Array) -> None:
        model.set_params(batch_size=len(x))
        if self.case.loss == "cross_entropy":
            model.partial_fit(x, y, classes=np.arange(self.case.sizes[-1]))
        else:
            model.partial_fit(x, self._targets(y))
        model.set_params(batch_size=self.case.batch_rows)

    def _targets(self, y: Array) -> Array:
        return y.ravel() if y.ndim == 2 and y.shape[1] == 1 else y

    def theta_after(self, batches: list[Array]) -> Array:
        model = self._model(shuffle=False)
        for rows in batches:
            self._partial(model, self.inputs.x[rows], self.inputs.y[rows])
        return self.case.join([w.T for w in model.coefs_], list(model.intercepts_))

    def output(self, rows: int) -> Array:
        return self.model.predict_proba(self.inputs.x[:rows])

    def work(self, units: int) -> None:
        if self.case.kind == "prediction":
            ask, rows = (
                getattr(self.model, self.form),
                self.inputs.x[: self.case.batch_rows],
            )
            for _ in range(units):
                ask(rows)
        else:
            self.model.set_params(max_iter=units, warm_start=True).fit(
                self.inputs.x, self._targets(self.inputs.y)
            )

    def versions(self) -> dict[str, str]:
        return {"scikit-learn": sklearn.__version__}
