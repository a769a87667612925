"""`TabularClassifier` and `TabularRegressor`: a frame in, averaged networks out, with nothing to tune."""

from .classifier import TabularClassifier
from .regressor import TabularRegressor

__all__ = ["TabularClassifier", "TabularRegressor"]
