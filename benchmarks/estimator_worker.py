"""The process of one commit's estimators: `worker.py` with the contender of `contenders/estimator_.py`."""

from __future__ import annotations

import contenders
import worker

contenders.CONTENDERS["estimator"] = ("estimator_", "chainrule.MLPClassifier")

if __name__ == "__main__":
    worker.main()
