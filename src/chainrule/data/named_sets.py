"""Data sets by their names: those of scikit-learn, and sets of images that are downloaded."""

from __future__ import annotations

import numpy as np

from .dataset import Dataset
from .image_sets import IMAGE_SETS, read_image_set
from .prepared_sets import pixel_set, table_set
from .splits import Rules, held_out
from .tables import Table

__all__ = ["DATA_SETS", "named_set"]

#: Names that `load_data` knows, and what they are.
DATA_SETS = {
    "digits": "1797 pictures of 8×8 pixels, 10 digits; in scikit-learn",
    "iris": "150 flowers, 4 numbers, 3 species; in scikit-learn",
    "wine": "178 wines, 13 numbers, 3 cultivars; in scikit-learn",
    "breast_cancer": "569 tumors, 30 numbers, benign or malignant; in scikit-learn",
    "diabetes": "442 patients, 10 numbers, progression in a year; in scikit-learn",
    "mnist": "70 000 pictures of 28×28 pixels, 10 digits; downloaded, 12 MB",
    "fashion_mnist": "70 000 pictures of 28×28 pixels, 10 kinds of clothes; downloaded, 31 MB",
}


def named_set(name: str, rules: Rules, progress: bool | None) -> Dataset:
    """A set by its name in `DATA_SETS`."""
    if name in IMAGE_SETS:
        images = IMAGE_SETS[name]
        arrays = read_image_set(name, progress=progress)
        return pixel_set(name, arrays, images.classes, 1 / 255, images.source)
    if name == "digits":
        return _digits(rules)
    table, wanted = _of_sklearn(name)
    return table_set(name, table, wanted, None, rules, "from scikit-learn")


def _digits(rules: Rules) -> Dataset:
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    train, test = held_out(labels, True, rules, "digits", [str(d) for d in range(10)])
    pixels = pixels.astype(np.uint8).reshape(-1, 8, 8)
    parts = {
        "x_train": pixels[train],
        "y_train": labels[train],
        "x_test": pixels[test],
        "y_test": labels[test],
    }
    source = (
        "UCI optical recognition of handwritten digits, test part, from scikit-learn"
    )
    return pixel_set("digits", parts, tuple(str(d) for d in range(10)), 1 / 16, source)


def _of_sklearn(name: str) -> tuple[Table, tuple[str, ...]]:
    from sklearn import datasets

    options = {"scaled": False} if name == "diabetes" else {}
    bunch = getattr(datasets, f"load_{name}")(**options)
    columns = {
        str(feature): bunch.data[:, i].astype(float)
        for i, feature in enumerate(bunch.feature_names)
    }
    target = {
        "iris": "species",
        "wine": "cultivar",
        "breast_cancer": "diagnosis",
        "diabetes": "progression",
    }[name]
    classes = getattr(bunch, "target_names", None)
    columns[target] = (
        bunch.target.astype(float)
        if classes is None
        else np.array(classes, object)[bunch.target]
    )
    return Table(name, columns), (target,)
