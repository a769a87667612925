"""chainrule's MLPClassifier with its defaults: forms "fit" and "predict", by the public API alone."""

from __future__ import annotations

import warnings

from cases import SEED, Array

from chainrule import MLPClassifier

from . import interface


class Contender(interface.Contender):
    """Times whole calls, as a user makes them: with the checks of the rows and the start-up of a fit."""

    def set_up(self) -> None:
        warnings.simplefilter("ignore")  # 200 epochs are not always enough
        self.rows = self.inputs.x[: self.case.batch_rows]
        self.model = self._fitted()

    def _fitted(self) -> MLPClassifier:
        model = MLPClassifier(random_state=SEED, n_threads=self.threads)
        return model.fit(self.inputs.x, self.inputs.y)

    def output(self, rows: int) -> Array:
        return self.model.predict_proba(self.inputs.x[:rows])

    def theta_after(self, batches: list[Array]) -> Array:
        raise NotImplementedError

    def work(self, units: int) -> None:
        for _ in range(units):
            if self.form == "fit":
                self._fitted()
            else:
                self.model.predict(self.rows)
