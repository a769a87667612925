"""From columns to inputs and back: by hand, and the same as scikit-learn's."""

import json

import numpy as np
import pytest

from chainrule import InputError, load_data
from chainrule.data.encoding import inputs, targets
from chainrule.data.preparation import Preparation, Target
from chainrule.data.preparation_fit import MAX_CATEGORIES, fit_features, fit_target
from chainrule.data.tables import Table

TEXT = np.array(["b", "a", None, "b"], object)
ROWS = Table(
    "rows.csv",
    {
        "n": np.array([1.0, np.nan, 3.0, 5.0]),
        "t": TEXT,
        "y": np.array([1.0, 2.0, 3.5, 4.0]),
    },
)
ALL = np.arange(4)


def prepared(table=ROWS, names=("n", "t"), rows=ALL):
    features, left_out = fit_features(table, names, rows)
    return Preparation(
        features,
        fit_target(table, ("y",), rows, numbers=True, standardize=True),
        None,
        left_out,
    )


def test_by_hand():
    preparation = prepared()
    assert preparation.inputs == ("n", "n missing", "t=b", "t=a", "t missing")
    x, remarks = inputs(preparation, ROWS)
    std = np.sqrt(8 / 3)  # of 1, 3, 5, about 3
    expected = [
        [-2 / std, 0, 1, 0, 0],
        [0, 1, 0, 1, 0],
        [0, 0, 0, 0, 1],
        [2 / std, 0, 1, 0, 0],
    ]
    np.testing.assert_allclose(x, expected, rtol=1e-6)  # float32
    assert remarks == ()


def test_the_same_as_scikit_learn():
    from sklearn.impute import SimpleImputer
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    rng = np.random.default_rng(0)
    numbers = rng.normal(5, 3, 200)
    numbers[::7] = np.nan
    text = rng.choice(["red", "green", "blue"], 200).astype(object)
    table = Table("t", {"n": numbers, "t": text, "y": rng.normal(size=200)})
    preparation = prepared(table, rows=np.arange(100))
    x, _ = inputs(preparation, table)
    filled = (
        SimpleImputer(add_indicator=True)
        .fit(numbers[:100, None])
        .transform(numbers[:, None])
    )
    # its scaler would take the filled values in; ours takes the numbers that are there
    scaled = (
        StandardScaler()
        .fit(numbers[:100, None][~np.isnan(numbers[:100])])
        .transform(filled[:, :1])
    )
    values = [list(preparation.features[1].categories)]
    one_hot = OneHotEncoder(categories=values, sparse_output=False).fit_transform(
        text[:, None]
    )
    np.testing.assert_allclose(
        x, np.hstack([scaled, filled[:, 1:], one_hot]), rtol=1e-5, atol=1e-6
    )  # float32


def test_it_is_the_same_after_json():
    preparation = prepared()
    again = Preparation.from_dict(json.loads(json.dumps(preparation.as_dict())))
    assert again.as_dict() == preparation.as_dict()
    np.testing.assert_array_equal(inputs(again, ROWS)[0], inputs(preparation, ROWS)[0])


def test_only_the_training_rows_count():
    preparation = prepared(rows=np.array([0, 3]))
    assert (preparation.features[0].mean, preparation.features[0].std) == (3.0, 2.0)
    assert preparation.left_out == {"t": "all values are the same"}
    assert preparation.target.mean == (2.5,)


def test_columns_that_say_nothing_are_left_out():
    count = 3 * MAX_CATEGORIES
    table = Table(
        "t",
        {
            "same": np.ones(count),
            "gone": np.full(count, np.nan),
            "name": np.array([f"row{i}" for i in range(count)], object),
            "one": np.array(["x"] * count, object),
            "n": np.arange(count, dtype=float),
        },
    )
    features, left_out = fit_features(table, list(table.columns), np.arange(count))
    assert [feature.name for feature in features] == ["n"]
    assert set(left_out) == {"same", "gone", "name", "one"}
    assert "name rows" in left_out["name"]
    with pytest.raises(
        InputError,
        match=r"without a column to learn from.*same: all values are the same",
    ):
        fit_features(table, ["same", "gone"], np.arange(count))


def test_rare_categories_share_an_input():
    values = [f"v{i:03}" for i in range(MAX_CATEGORIES + 20)]
    column = np.array(values * 3 + values[:MAX_CATEGORIES], object)
    table = Table(
        "t",
        {
            "t": column,
            "n": np.arange(len(column), dtype=float),
            "y": np.arange(len(column), dtype=float),
        },
    )
    preparation = prepared(table, rows=np.arange(len(column)))
    assert len(preparation.inputs) == 1 + MAX_CATEGORIES + 1
    x, _ = inputs(
        preparation,
        Table("u", {"t": np.array(["v119", "v000", "new"], object), "n": np.zeros(3)}),
    )
    assert x[:, -1].tolist() == [1.0, 0.0, 1.0]
    np.testing.assert_array_equal(x[:, 1:].sum(axis=1), [1, 1, 1])


@pytest.mark.parametrize(
    ("values", "classes"),
    [
        (["x", "y", "x"], ("x", "y")),
        ([2.0, 10.0, 2.0], ("2", "10")),  # by size, not by the alphabet
        ([0.5, 1.0, 2.0], ()),
        ([float(i) for i in range(21)], ()),
        ([float(i) for i in range(20)], tuple(map(str, range(20)))),
    ],
)
def test_what_is_a_class_and_what_a_number(values, classes):
    column = np.array(values, object if isinstance(values[0], str) else float)
    table = Table("t", {"y": column})
    target = fit_target(
        table, ("y",), np.arange(len(values)), numbers=None, standardize=True
    )
    assert target.classes == classes
    if classes:
        assert [classes[i] for i in targets(target, table)] == [
            v if isinstance(v, str) else f"{v:.0f}" for v in values
        ]


def test_targets_in_their_units():
    target = Target(("a", "b"), (), (10.0, 0.0), (2.0, 5.0))
    y = np.array([[12.0, 5.0], [10.0, -5.0]])
    assert target.standardized(y).tolist() == [[1.0, 1.0], [0.0, -1.0]]
    assert target.in_units(target.standardized(y)).tolist() == y.tolist()


@pytest.mark.parametrize(
    ("column", "values", "said"),
    [
        (
            "n",
            np.array(["5", "x"], object),
            "column 'n' with text, '5' in row 1 of new.csv.*trained on numbers",
        ),
        ("n", np.array([1.0, np.inf]), "infinite in row 2 of new.csv"),
        (
            "t",
            np.array(["a", "zebra"], object),
            "category 'zebra' in column 't', row 2 of new.csv.*unseen='ignore'",
        ),
    ],
)
def test_rows_that_do_not_fit(column, values, said):
    table = Table(
        "new.csv",
        {"n": np.array([1.0, 2.0]), "t": np.array(["a", "b"], object), column: values},
    )
    with pytest.raises(InputError, match=said):
        inputs(prepared(), table)


def test_an_unseen_category_ignored_is_no_category_and_is_said():
    table = Table("new.csv", {"n": np.array([1.0]), "t": np.array(["zebra"], object)})
    x, remarks = inputs(prepared(), table, unseen="ignore")
    assert x[0, 2:].tolist() == [0, 0, 0]
    assert remarks == (
        "t: 1 row with a category that the training rows do not have (zebra).",
    )


def test_a_value_missing_where_none_was_in_training_is_said():
    table = Table("t", {"n": np.arange(4.0), "y": np.arange(4.0)})
    preparation = prepared(table, names=("n",))
    x, remarks = inputs(preparation, Table("u", {"n": np.array([np.nan])}))
    assert (x.tolist(), remarks) == (
        [[0.0]],
        ("n: 1 value missing, for which there is no input; taken as 1.5.",),
    )


def test_columns_renamed_are_named():
    with pytest.raises(
        InputError, match=r"without the column n.*others here: N.*Rename or add"
    ):
        inputs(
            prepared(),
            Table("new.csv", {"N": np.zeros(1), "t": np.array(["a"], object)}),
        )


# Whole data sets


@pytest.mark.parametrize(
    ("name", "rows", "width", "classes"),
    [
        ("iris", 150, 4, 3),
        ("wine", 178, 13, 3),
        ("breast_cancer", 569, 30, 2),
        ("diabetes", 442, 10, 0),
    ],
)
def test_the_sets_of_scikit_learn(name, rows, width, classes):
    data = load_data(name)
    assert len(data.x_train) + len(data.x_test) == rows
    assert data.x_train.shape[1] == width
    assert len(data.classes) == classes
    assert f"; {width} inputs; target" in repr(data)
    np.testing.assert_allclose(data.x_train.mean(axis=0), 0, atol=1e-5)  # float32
    np.testing.assert_allclose(data.x_train.std(axis=0), 1, atol=1e-5)
    if classes:
        share = np.bincount(data.y_test) / np.bincount(
            np.concatenate([data.y_train, data.y_test])
        )
        assert ((share > 0.17) & (share < 0.23)).all()  # stratified
    else:
        np.testing.assert_allclose(
            data.standardized_targets()[0].mean(axis=0), 0, atol=1e-12
        )


def test_npz_of_pixels_and_of_numbers(tmp_path):
    rng = np.random.default_rng(0)
    pixels, labels = (
        rng.integers(0, 256, (40, 3, 5), np.uint8),
        np.array(["no", "yes"])[np.arange(40) % 2],
    )
    np.savez(tmp_path / "pictures.npz", x=pixels, y=labels)
    data = load_data(tmp_path / "pictures.npz")
    assert (data.x_train.dtype, data.image_shape, data.classes, data.scale) == (
        np.uint8,
        (3, 5),
        ("no", "yes"),
        1 / 255,
    )
    assert {tuple(row) for row in data.x_train} | {
        tuple(row) for row in data.x_test
    } == {tuple(p.ravel()) for p in pixels}
    numbers = rng.normal(size=(40, 6))
    np.savez(
        tmp_path / "numbers.npz",
        x_train=numbers[:30],
        y_train=numbers[:30, :2],
        x_test=numbers[30:],
        y_test=numbers[30:, :2],
    )
    data = load_data(tmp_path / "numbers.npz")
    assert (data.x_train.shape, data.y_test.shape, data.classes) == (
        (30, 6),
        (10, 2),
        (),
    )
    np.testing.assert_allclose(data.y_test, numbers[30:, :2])


def test_an_object_array_is_not_unpickled(tmp_path):
    np.savez(tmp_path / "x.npz", x=np.array([{}], object), y=np.zeros(1))
    with pytest.raises(InputError, match="dtype object"):
        load_data(tmp_path / "x.npz")


def test_rows_without_target_are_left_out_and_said(tmp_path):
    lines = [f"{i},{'?' if i % 10 == 3 else 'ab'[i % 2]}" for i in range(40)]
    (tmp_path / "t.csv").write_text("n,y\n" + "\n".join(lines) + "\n")
    data = load_data(tmp_path / "t.csv", target="y")
    assert len(data.x_train) + len(data.x_test) == 36
    assert "4 rows of t.csv left out: no target." in data.remarks
