"""`MLPClassifier` and `MLPRegressor`: scikit-learn's multi-layer perceptrons, computed by this package's engines.

Parameters, defaults, attributes, draws and messages are scikit-learn's; docs/estimators.md lists where they
deviate and why, and what they can do beyond. `TabularClassifier` and `TabularRegressor`: a frame in, averaged
networks out.
"""

import sys

from . import epochs, fitting
from .classifier import MLPClassifier
from .regressor import MLPRegressor
from .tabular import TabularClassifier, TabularRegressor

__all__ = ["MLPClassifier", "MLPRegressor", "TabularClassifier", "TabularRegressor"]

# pickles of before name these modules
sys.modules[f"{__name__}.continuation"] = fitting
sys.modules[f"{__name__}.epoch_rule"] = epochs
