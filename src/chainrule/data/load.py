"""Data sets: rows, targets and what is known of them, ready to train on.

Pixels stay uint8, with their scaling recorded beside them. Tables are prepared as `preparation` says.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from ..arguments import argument
from ..errors import InputError, named_among
from .array_files import read_arrays, table_of
from .column_values import labels_in_order
from .dataset import Dataset
from .dialect import ColumnKind, Dialect
from .dialect_options import asked_dialect
from .encoding import inputs, targets
from .file_kinds import kind_of, refuse_other_kinds, require_file, sha256
from .image_sets import IMAGE_SETS, read_image_set
from .names import named_columns, possible_names
from .preparation import (
    MAX_NUMBER_CLASSES,
    Feature,
    Preparation,
    Target,
    fit_features,
    fit_target,
)
from .splits import Rules, held_out, with_target
from .tables import Table, column_names, read_table

__all__ = ["DATA_SETS", "Dataset", "load_data", "with_kinds"]

Matrix = np.ndarray[Any, Any]

#: Names that `load_data` knows, and what they are.
DATA_SETS = {
    "digits": "1797 pictures of 8×8 pixels, 10 digits; in scikit-learn",
    "iris": "150 flowers, 4 numbers, 3 species; in scikit-learn",
    "wine": "178 wines, 13 numbers, 3 cultivars; in scikit-learn",
    "breast_cancer": "569 tumours, 30 numbers, benign or malignant; in scikit-learn",
    "diabetes": "442 patients, 10 numbers, progression in a year; in scikit-learn",
    "mnist": "70 000 pictures of 28×28 pixels, 10 digits; downloaded, 12 MB",
    "fashion_mnist": "70 000 pictures of 28×28 pixels, 10 kinds of clothes; downloaded, 31 MB",
}


def load_data(
    source: str | os.PathLike[str],
    *,
    target: str | Sequence[str] | None = None,
    test: str | os.PathLike[str] | None = None,
    test_share: float = 0.2,
    seed: int = 0,
    numbers: bool | None = None,
    standardize_target: bool = True,
    header: bool | None = None,
    separator: str | None = None,
    quote: str | None = None,
    encoding: str | None = None,
    decimal: str | None = None,
    thousands: str | None = None,
    missing: Sequence[str] = (),
    not_missing: Sequence[str] = (),
    kinds: Mapping[str, str] | None = None,
    categories: str | Sequence[str] = (),
    ignore: str | Sequence[str] = (),
    progress: bool | None = None,
) -> Dataset:
    """A data set by its name, or from a file.

    Parameters
    ----------
    source : str or path
        A name from `DATA_SETS`; or a file: CSV, TSV and other text, also packed by gzip, bzip2 or xz; Parquet; npz;
        "-" for standard input. Files that have to be downloaded are kept in the folder that the environment variable
        CHAINRULE_DATA names, else in the platform's place for caches.
    target : str or sequence of str, optional
        The column that is predicted, the last by default; or several columns of numbers. One text may name several,
        with commas.
    test : path, optional
        A file of rows to test on; else a share of the rows is held out.
    test_share : float
        That share; of classes the same of each.
    seed : int
        Which rows are held out. Sets of images have test rows of their own.
    numbers : bool, optional
        Whether numbers are predicted, not classes; by default text, and whole numbers of at most 20 values, are
        classes.
    standardize_target : bool
        Whether the network learns numbers of mean 0 and standard deviation 1.
    header : bool, optional
        Whether the first line names the columns; by default that is found out, as is all of the following.
    separator, quote : str, optional
        The character between fields and that around them; " " for any number of blanks.
    encoding : str, optional
        "utf-16", "cp1252", …
    decimal, thousands : str, optional
        The marks in numbers: "." or ","; "" for no thousands mark.
    missing : sequence of str
        What stands for a missing value beside an empty field, ?, NA and the like; a number in any spelling.
    not_missing : sequence of str
        Words that are values, though they would stand for a missing one: "NA".
    kinds : mapping of str to str, optional
        What columns hold: "number", "category", "date", "date:%d/%m/%Y" or "ignore".
    categories : str or sequence of str
        Columns of numbers that are categories: as `kinds`.
    ignore : str or sequence of str
        Columns to leave out: as `kinds`.
    progress : bool, optional
        A live line for downloads; by default only on a terminal.

    Raises
    ------
    InputError
        What cannot be used as it is: names the file, the column, the row.
    DownloadError
        No address gave the file.

    Examples
    --------
    >>> digits = load_data("digits")
    >>> digits.x_train.shape, digits.x_train.dtype, digits.image_shape
    ((1437, 64), dtype('uint8'), (8, 8))
    >>> wine = load_data("wine")
    >>> wine.classes, wine.x_train.shape, wine.preparation.features[0].name
    (('class_0', 'class_1', 'class_2'), (142, 13), 'alcohol')
    """
    asked = asked_dialect(
        separator=separator,
        quote=quote,
        header=header,
        encoding=encoding,
        decimal=decimal,
        thousands=thousands,
        missing=missing,
        not_missing=not_missing,
        kinds=kinds,
    )
    name = os.fspath(source)
    rules = Rules(numbers, standardize_target, (), test_share, seed)
    of_table = {
        "target": target,
        "test": test,
        "ignore": ignore,
        "categories": categories,
        **{key: getattr(asked, key) for key in asked.__dataclass_fields__},
    }
    if name in DATA_SETS:
        cut = (
            {}
            if name not in IMAGE_SETS
            else {"test_share": test_share != 0.2, "seed": seed}
        )
        _refuse_arguments(f"the data set {name}", of_table | cut)
        return _named_set(name, rules, progress)
    if name != "-" and not Path(source).exists() and Path(source).suffix == "":
        remedy = named_among(name, DATA_SETS, "Choose one of these, or name a file.")
        raise InputError(
            f"data set {name!r}", f"{', '.join(DATA_SETS)}, or a file", remedy
        )
    path = require_file(source)
    if kind_of(path) == "npz":
        _refuse_arguments(
            f"{path}, whose arrays need no reading",
            {key: value for key, value in of_table.items() if key != "target"},
        )
        wanted = (target,) if isinstance(target, str) else tuple(target or ())
        return replace(
            _array_set(path, wanted, rules), checksums={path.name: sha256(path)}
        )
    return _file_set(path, asked, target, test, rules, categories, ignore)


def _refuse_arguments(what: str, given: Mapping[str, Any]) -> None:
    """Raise where an argument was given that would do nothing."""
    useless = [
        name
        for name, value in given.items()
        if value not in (None, False, 0, "", ()) and value != {}
    ]
    if useless:
        raise InputError(
            f"{what}, with {', '.join(useless)}",
            "its rows as they are",
            f"Leave out {', '.join(useless)}; or pass a table file.",
        )


def _named_set(name: str, rules: Rules, progress: bool | None) -> Dataset:
    if name in IMAGE_SETS:
        images = IMAGE_SETS[name]
        arrays = read_image_set(name, progress=progress)
        return _pixel_set(name, arrays, images.classes, 1 / 255, images.source)
    if name == "digits":
        return _digits(rules)
    table, wanted = _of_sklearn(name)
    return _table_set(name, table, wanted, None, rules, "from scikit-learn")


def _file_set(
    path: Path,
    asked: Dialect,
    target: str | Sequence[str] | None,
    test: str | os.PathLike[str] | None,
    rules: Rules,
    categories: str | Sequence[str],
    ignore: str | Sequence[str],
) -> Dataset:
    """A table file, read and prepared."""
    possible = {
        *possible_names(target),
        *possible_names(categories),
        *possible_names(ignore),
        *asked.columns,
    }
    names = column_names(path, asked, possible)
    wanted = named_columns(target, names, path.name, "target")
    asked = with_kinds(
        asked,
        path.name,
        names,
        category=named_columns(categories, names, path.name),
        ignore=named_columns(ignore, names, path.name),
    )
    table = read_table(path, asked, names=possible)
    held, files = None, [path]
    if test is not None:
        files.append(test_path := require_file(test))
        refuse_other_kinds(test_path)
        held = read_table(
            test_path, table.dialect, only=set(table.columns), sure=asked.columns
        )
    ignored = [n for n, kind in asked.columns.items() if kind.kind == "ignore"]
    rules = replace(rules, ignore=tuple(ignored))
    made = _table_set(path.name, table, wanted, held, rules, str(path))
    twice = len({file.name for file in files}) < len(files)
    sums = {str(file) if twice else file.name: sha256(file) for file in files}
    return replace(made, checksums=sums)


def with_kinds(
    asked: Dialect,
    source: str,
    names: Sequence[str],
    *,
    category: Sequence[str] = (),
    ignore: Sequence[str] = (),
) -> Dialect:
    """The dialect with kinds of columns that options name; each must be among the `names` of the file."""
    named_columns(tuple(asked.columns), names, source)
    kinds = {
        **asked.columns,
        **dict.fromkeys(category, ColumnKind("category")),
        **dict.fromkeys(ignore, ColumnKind("ignore")),
    }
    return replace(asked, columns=MappingProxyType(kinds))


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
    return _pixel_set("digits", parts, tuple(str(d) for d in range(10)), 1 / 16, source)


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


def _array_set(path: Path, wanted: tuple[str, ...], rules: Rules) -> Dataset:
    arrays = read_arrays(path, wanted[0] if wanted else None)
    if "x" in arrays:
        labels = arrays["y"]
        train, test = held_out(labels, _are_classes(labels, rules), rules, path.name)
        cut = {
            f"{letter}_{part}": arrays[letter][rows]
            for part, rows in (("train", train), ("test", test))
            for letter in "xy"
        }
    else:
        cut = arrays
    if cut["x_train"].dtype == np.uint8 and _are_classes(cut["y_train"], rules):
        labels = np.concatenate([cut["y_train"], cut["y_test"]]).reshape(-1)
        classes = labels_in_order(
            labels.astype(object if labels.dtype.kind in "USO" else float)
        )
        numbers = {label: i for i, label in enumerate(np.unique(labels).tolist())}
        for part in ("y_train", "y_test"):
            cut[part] = np.array(
                [numbers[label] for label in cut[part].reshape(-1).tolist()]
            )
        return _pixel_set(path.name, cut, tuple(classes), 1 / 255, str(path))
    tables = [
        table_of(
            path.name,
            cut[f"x_{part}"].reshape(len(cut[f"x_{part}"]), -1),
            cut[f"y_{part}"],
        )
        for part in ("train", "test")
    ]
    names = tuple(name for name in tables[0].columns if name.startswith("y"))
    return _table_set(path.name, tables[0], names, tables[1], rules, str(path))


def _are_classes(labels: Matrix, rules: Rules) -> bool:
    """As `fit_target` decides."""
    if rules.numbers is not None or (labels.ndim == 2 and labels.shape[1] > 1):
        return rules.numbers is False
    flat = labels.reshape(-1)
    table = Table(
        "y", {"y": flat.astype(object if flat.dtype.kind in "USO" else float)}
    )
    return bool(
        fit_target(
            table, ("y",), np.arange(len(flat)), numbers=None, standardize=False
        ).classes
    )


def _pixel_set(
    name: str,
    parts: dict[str, Matrix],
    classes: tuple[str, ...],
    scale: float,
    source: str,
) -> Dataset:
    shape = parts["x_train"].shape[1:]
    image_shape = (int(shape[0]), int(shape[1])) if len(shape) == 2 else None
    cells = [f"pixel_{'_'.join(map(str, index))}" for index in np.ndindex(*shape)]
    preparation = Preparation(
        tuple(Feature(cell) for cell in cells), Target(("class",), classes), scale
    )
    x = [
        np.ascontiguousarray(parts[part].reshape(-1, len(cells)))
        for part in ("x_train", "x_test")
    ]
    return Dataset(
        name,
        x[0],
        parts["y_train"],
        x[1],
        parts["y_test"],
        preparation,
        image_shape,
        source,
    )


def _table_set(
    name: str,
    table: Table,
    wanted: tuple[str, ...],
    test: Table | None,
    rules: Rules,
    source: str,
) -> Dataset:
    """Columns into inputs and targets, fitted on the rows to train on."""
    remarks = list(table.remarks)
    if not wanted:
        wanted = (list(table.columns)[-1],)
        remarks.append(
            f"The target is {wanted[0]}, the last column; {argument('target')} names another."
        )
    table = with_target(table, wanted, remarks)
    if test is not None:
        remarks += [
            f"{test.source}: {remark}"
            for remark in test.remarks
            if remark not in remarks
        ]
        test = with_target(test, wanted, remarks)
    table = _with_exact_labels(table, wanted, rules)
    target = fit_target(
        table,
        wanted,
        np.arange(table.rows),
        numbers=rules.numbers,
        standardize=rules.standardize,
    )
    y = targets(target, table)
    if test is None:
        train, held = held_out(
            y, bool(target.classes), rules, table.source, target.classes
        )
        test, y_test = table.take(held), y[held]
    else:
        train, y_test = np.arange(table.rows), targets(target, test)
    names = [
        column for column in table.columns if column not in (*wanted, *rules.ignore)
    ]
    features, left_out = fit_features(table, names, train)
    left_out |= dict.fromkeys(rules.ignore, "as asked")
    target = fit_target(
        table, wanted, train, numbers=not target.classes, standardize=rules.standardize
    )
    used = {*(feature.name for feature in features), *wanted}
    kinds = {name: k for name, k in table.dialect.columns.items() if name in used}
    dialect = replace(table.dialect, columns=MappingProxyType(kinds))
    preparation = Preparation(features, target, None, left_out, dialect)
    x_train, _ = inputs(preparation, table.take(train))
    x_test, found = inputs(preparation, test, unseen="ignore")
    remarks += [f"{column} is left out: {why}." for column, why in left_out.items()]
    remarks += [f"Test rows: {remark}" for remark in found]
    return Dataset(
        name,
        x_train,
        y[train],
        x_test,
        y_test,
        preparation,
        None,
        source,
        tuple(remarks),
        test,
        train_rows=table.take(train),
    )


def _with_exact_labels(table: Table, wanted: tuple[str, ...], rules: Rules) -> Table:
    """The table with a target of large whole numbers as text, all digits of it, where they are classes."""
    digits = table.exact.get(wanted[0]) if len(wanted) == 1 else None
    few = digits is not None and len(set(digits.tolist())) <= MAX_NUMBER_CLASSES
    if digits is None or rules.numbers or (rules.numbers is None and not few):
        return table
    kinds = {**table.dialect.columns, wanted[0]: ColumnKind("category")}
    return replace(
        table,
        columns={**table.columns, wanted[0]: digits},
        dialect=replace(table.dialect, columns=MappingProxyType(kinds)),
    )
