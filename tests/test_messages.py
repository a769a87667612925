"""What a mistake is answered with: what was given, what is allowed, and what to do about this one."""

from __future__ import annotations

import math

import numpy as np
import pytest

from chainrule import (
    ACTIVATIONS,
    LOSSES,
    Callback,
    Checkpoint,
    EarlyStopping,
    InputError,
    Network,
    backward,
    check_gradient,
    custom_activation,
    custom_loss,
    forward,
    load_data,
    objective,
    save_model,
    train,
)
from chainrule.errors import counted, is_number, named_among, type_of
from chainrule.optimizers import LBFGS, SGD, Adam
from chainrule.optimizers.schedules import Step
from chainrule.training.metrics import METRICS

NET = Network((2, 3, 2), ("tanh", "softmax"), "cross_entropy")
LINE = Network((2, 1), ("identity",), "squared_error")
X = np.random.default_rng(0).normal(size=(12, 2))
Y = np.arange(12) % 2


def said(call, *arguments, **options) -> str:
    """The message of the InputError that a call raises, in its three parts."""
    with pytest.raises(InputError) as caught:
        call(*arguments, **options)
    error = caught.value
    assert all((error.given, error.allowed, error.remedy))
    assert error.remedy[0].isupper()
    assert error.remedy[-1] in ".?"
    return str(error)


# Functions of your own


def test_a_function_that_is_nan_somewhere_is_refused() -> None:
    message = said(custom_activation, np.log, lambda z: 1 / z, name="log")
    assert "log activation whose φ is NaN at z = -12" in message
    assert "numpy.where" in message
    # infinity, where it overflows, is none
    assert custom_activation(
        lambda z: np.exp(60 * z), lambda z: 60 * np.exp(60 * z), bounds=(0.0, math.inf)
    ).custom


def test_analytic_is_verified() -> None:
    custom_activation(np.sin, np.cos, analytic=True)
    custom_loss(lambda y, a: (a - y) ** 4, lambda y, a: 4 * (a - y) ** 3, analytic=True)
    message = said(custom_activation, np.abs, np.sign, kinks=(0.0,), analytic=True)
    assert (
        "said to be analytic, whose complex step at z = -12 is 0, not the derivative -1"
        in message
    )
    message = said(
        custom_activation,
        lambda z: np.logaddexp(0, z),
        lambda z: 1 / (1 + np.exp(-z)),
        analytic=True,
    )
    assert "fails on complex numbers" in message
    assert "Leave analytic out" in message
    wrong = {"residual_kinks": (0.0,), "analytic": True}
    message = said(
        custom_loss,
        lambda y, a: np.abs(a - y),
        lambda y, a: np.sign(a - y),
        name="mine",
        **wrong,
    )
    assert "mine loss said to be analytic, whose complex step for y = " in message


def test_a_function_that_takes_no_arrays() -> None:
    message = said(custom_activation, math.tanh, lambda z: 1 - np.tanh(z) ** 2)
    assert "φ that is a function that fails on arrays" in message
    assert "numpy.tanh instead of math.tanh" in message
    assert "φ that is 'tanh'" in said(custom_activation, "tanh", np.cos)
    assert "φ′ that is a float" in said(custom_activation, np.sin, 1.0)
    assert "ℓ that is 'mse'" in said(custom_loss, "mse", lambda y, a: a - y)


# Numbers and types


@pytest.mark.parametrize(
    "dtype",
    ["float16", "float", "double", "float128", "int64", "complex128", "f32", None, 3],
)
def test_other_dtypes(dtype) -> None:
    if dtype in ("float", "double"):  # NumPy's other names of float64
        assert NET.init(0, dtype).theta.dtype == np.float64
        return
    assert '"float64" or "float32"' in said(NET.init, 0, dtype)
    assert '"float64" or "float32"' in said(train, NET, X, Y, dtype=dtype)


def test_dtypes_of_other_libraries() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    assert NET.init(0, torch.float32, xp=torch).theta.dtype == torch.float32
    assert NET.init(0, np.float32).theta.dtype == np.float32
    assert "torch.float16" in said(NET.init, 0, torch.float16, xp=torch)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"threads": 0}, "threads = 0"),
        ({"threads": "2"}, "threads = '2'"),
        ({"l1": "0.1"}, "l1 = '0.1'"),
        ({"l2": None}, "l2 = None"),
        ({"clip_norm": "1"}, "clip_norm = '1'"),
        ({"max_seconds": "60"}, "max_seconds = '60'"),
        ({"dropout": "0.5"}, "dropout = '0.5'"),
        ({"dropout": (0.1, 0.2)}, r"dropout = \(0.1, 0.2\).*1 number in a list"),
        ({"frozen_layers": 1}, "frozen_layers = 1. Allowed: a list"),
        ({"frozen_layers": [1.5]}, r"frozen_layers = \[1.5\]"),
        ({"validation": "0.1"}, "validation = '0.1'"),
        (
            {"early_stopping": 5},
            r"early_stopping that is an int. .*EarlyStopping\(patience=10\)",
        ),
        (
            {"checkpoint": "run.ckpt"},
            r'checkpoint that is a str. .*Checkpoint\("run.ckpt", every_epochs=10\)',
        ),
        ({"callbacks": Callback()}, "callbacks that are a Callback.*Put it in a list"),
        ({"callbacks": [Callback]}, "callback that is the class Callback.*an instance"),
        ({"callbacks": [print]}, "callback that is a builtin_function_or_method"),
        ({"resume": True}, "resume that is a bool.*Name the file"),
        ({"callbacks": None}, "callbacks that are None"),
        ({"optimizer": SGD}, r"optimizer SGD, uncalled.*Call it: SGD\(\)"),
        ({"optimizer": None}, "optimizer None"),
        (
            {"early_stopping": EarlyStopping(monitor="accuracy")},
            'monitor = "accuracy" with the loss squared_error',
        ),
        (
            {"early_stopping": EarlyStopping(monitor=METRICS["accuracy"])},
            'monitor = "accuracy"',
        ),
    ],
)
def test_options_of_train(options: dict, match: str) -> None:
    network, y = (LINE, X[:, :1]) if "early_stopping" in options else (NET, Y)
    message = said(train, network, X, y, **options)
    with pytest.raises(InputError, match=match):
        train(network, X, y, **options)
    assert message.startswith("Given: ")


@pytest.mark.parametrize("loss_name", ["cross_entropy", "binary_cross_entropy"])
def test_accuracy_where_it_has_a_meaning(loss_name) -> None:
    output = {"cross_entropy": (2, "softmax"), "binary_cross_entropy": (1, "sigmoid")}[
        loss_name
    ]
    network = Network((2, output[0]), (output[1],), loss_name)
    assert (
        train(
            network,
            X,
            Y,
            early_stopping=EarlyStopping(monitor="accuracy"),
            max_epochs=1,
        ).epochs
        == 1
    )


def test_numbers_that_are_text(tmp_path) -> None:
    assert "learning_rate = '0.1'" in said(Adam, learning_rate="0.1")
    assert "memory='10'" in said(LBFGS, memory="10")
    assert "step's every_epochs = '3'" in said(Step, every_epochs="3")
    assert "min_delta = '0'" in said(EarlyStopping, min_delta="0")
    assert "smoothing = '0'" in said(EarlyStopping, smoothing="0")
    assert "every_epochs = '1'" in said(Checkpoint, tmp_path / "c", every_epochs="1")
    assert "a path" in said(Checkpoint, 3)
    assert "'0.1'" in said(LOSSES["huber"], "0.1")
    assert "'0.1'" in said(LOSSES["cross_entropy"], "0.1")
    assert "'0.1'" in said(ACTIVATIONS["leaky_relu"], "0.1")


def test_a_checkpoint_takes_its_path_first(tmp_path) -> None:
    assert Checkpoint(tmp_path / "c") == Checkpoint(path=tmp_path / "c")


@pytest.mark.parametrize(
    "x",
    [
        [["1", "2"]],
        np.array([["1", "2"]]),
        np.array([["1", "2"]], dtype=object),
        np.array([[b"1", b"2"]]),
    ],
)
def test_text_that_looks_like_numbers(x) -> None:
    message = said(forward, LINE, LINE.init(0), x)
    assert "not an array of real numbers" in message
    assert forward(LINE, LINE.init(0), np.array([[1, 2.5]], dtype=object)).A[
        0
    ].tolist() == [[1.0, 2.5]]


def test_masked_and_sparse_arrays() -> None:
    from scipy import sparse

    p, masked = LINE.init(0), np.ma.masked_less(X, -1.0)
    count = int((X < -1.0).sum())
    assert f"x, a masked array with {counted(count, 'masked value')}" in said(
        forward, LINE, p, masked
    )
    assert "x.filled(0.0)" in said(train, LINE, masked, X[:, 0])
    labels = np.ma.masked_array(Y, np.arange(12) == 3)
    assert "y, a masked array with 1 masked value." in said(train, NET, X, labels)
    whole = np.ma.masked_array(X, False)
    assert type(forward(LINE, p, whole).A[0]) is np.ndarray
    for kind in (sparse.csr_matrix, sparse.coo_array):
        assert f"x, a sparse {kind.__name__}" in said(forward, LINE, p, kind(X))
        assert "x.toarray()" in said(train, NET, kind(X), Y)


def test_more_rows_a_batch_than_there_are() -> None:
    small = train(NET, X, Y, batch_rows=500, max_epochs=2)
    assert small.steps == 2
    assert small.settings["batch_rows"] == 12


# Things that are something else


@pytest.fixture(scope="module")
def report():
    return train(NET, X, Y, max_epochs=2)


def test_what_is_no_network(report) -> None:
    p = NET.init(0)
    for wrong in ("relu", (2, 3, 2), report.network.sizes, Network):
        for call in (
            lambda n: forward(n, p, X),
            lambda n: objective(n, p, X, Y),
            lambda n: backward(n, p, forward(NET, p, X), Y),
            lambda n: check_gradient(n, p, X, Y),
            lambda n: train(n, X, Y),
            lambda n: save_model("x", n, p),
        ):
            assert f"network that is {type_of(wrong)}. Allowed: a Network" in said(
                call, wrong
            )
    assert "Pass report.network." in said(train, report, X, Y)


def test_what_is_no_parameters(report, tmp_path) -> None:
    trace = forward(NET, report.parameters, X)
    for wrong, remedy in (
        (report, "Pass report.parameters."),
        (report.parameters.theta, "Parameters.from_arrays"),
    ):
        for call in (
            lambda p: forward(NET, p, X),
            lambda p: objective(NET, p, X, Y),
            lambda p: backward(NET, p, trace, Y),
            lambda p: check_gradient(NET, p, X, Y),
            lambda p: train(NET, X, Y, parameters=p),
            lambda p: save_model(tmp_path / "x", NET, p),
        ):
            message = said(call, wrong)
            assert f"parameters that is {type_of(wrong)}" in message
            assert remedy in message


def test_what_is_no_trace() -> None:
    message = said(backward, NET, NET.init(0), X, Y)
    assert "trace that is a ndarray. Allowed: a Trace. Make it with forward(" in message


def test_fewer_entries_than_none() -> None:
    for wrong in (-1, 1.5, "all"):
        assert f"max_entries = {wrong!r}" in said(
            check_gradient, NET, NET.init(0), X, Y, max_entries=wrong
        )


def test_sizes_and_activations_that_are_no_list() -> None:
    assert "sizes = (64,)" in said(Network, 64, ("relu",), "squared_error")
    assert "1 activation for 2 layers" in said(
        Network, (2, 3, 1), ACTIVATIONS["relu"](), "squared_error"
    )
    assert Network((2, 1), ACTIVATIONS["relu"](), "squared_error") == Network(
        (2, 1), ("relu",), "squared_error"
    )


# Labels


def test_labels_that_start_at_1() -> None:
    message = said(train, NET, X, Y + 1)
    assert "label 2 in row 1" in message
    assert (
        "Labels start at 0: classes, y = numpy.unique(y, return_inverse=True)"
        in message
    )
    assert "not seen in training" in said(train, NET, X, Y + 5)


def test_labels_in_a_column() -> None:
    message = said(train, NET, X, Y[:, None])
    assert "y with shape (12, 1) for cross_entropy on 2 outputs" in message
    assert "class numbers of shape (N,)" in message
    assert "y.ravel()" in message


def test_labels_that_are_text() -> None:
    for y in (np.array(["a", "b"] * 6), np.array(["a", "b"] * 6, dtype=object)):
        message = said(train, NET, X, y)
        assert "such as 'a'" in message
        assert "np.str_" not in message


# Names


@pytest.mark.parametrize(
    ("call", "meant"),
    [
        (lambda: Network((2, 1), ("rleu",), "squared_error"), "relu"),
        (lambda: Network((2, 1), ("LeakyReLU",), "squared_error"), "leaky_relu"),
        (lambda: Network((2, 1), ("tanh",), "squared error"), "squared_error"),
        (lambda: Network((2, 1), ("softmax",), "crossentropy"), "cross_entropy"),
        (lambda: NET.init(initializer="glorot"), "glorot_normal"),
        (lambda: train(NET, X, Y, optimizer="adma"), "adam"),
        (lambda: train(NET, X, Y, optimizer="L-BFGS"), "lbfgs"),
        (lambda: train(NET, X, Y, schedule="cosin"), "cosine"),
        (lambda: EarlyStopping(monitor="acuracy"), "accuracy"),
        (lambda: load_data("digit"), "digits"),
    ],
)
def test_a_name_misspelt(call, meant: str) -> None:
    assert f"Did you mean '{meant}'?" in said(call)


def test_names_that_resemble_none() -> None:
    assert "custom_activation" in said(Network, (2, 1), ("xyz",), "squared_error")
    assert "or an Activation" in said(Network, (2, 1), ("xyz",), "squared_error")
    assert "or a Loss" in said(Network, (2, 1), ("tanh",), "xyz")
    assert named_among(None, ["relu"], "Choose.") == "Choose."


def test_words_for_numbers() -> None:
    x = X.copy()
    x[3, 1] = np.nan
    assert "x with 1 value that is NaN or infinite, the first at index (3, 1)" in said(
        forward, LINE, LINE.init(0), x
    )
    assert is_number(np.float32(1))
    assert not is_number(True)
    assert not is_number(np.bool_(True))
    assert not is_number("1")


# What is printed


def test_a_network_is_short_and_can_be_typed_in_again() -> None:
    digits = Network((64, 10, 10), ("relu", "softmax"), "cross_entropy")
    assert repr(digits) == "Network((64, 10, 10), ('relu', 'softmax'), 'cross_entropy')"
    assert eval(repr(digits)) == digits
    special = Network((2, 1), (ACTIVATIONS["leaky_relu"](0.2),), LOSSES["huber"](2.0))
    assert (
        repr(special)
        == "Network((2, 1), (leaky_relu(slope=0.2),), huber(threshold=2.0))"
    )
    sine = custom_activation(np.sin, np.cos, name="sine")
    assert "custom_activation(…, name='sine')" in repr(
        Network((2, 1), (sine,), "squared_error")
    )


def test_functions_are_short() -> None:
    assert repr(ACTIVATIONS["relu"]()) == "relu()"
    assert repr(ACTIVATIONS["leaky_relu"]()) == "leaky_relu(slope=0.01)"
    assert repr(LOSSES["poisson"]()) == "poisson()"
    assert repr(LOSSES["pinball"]([0.1, 0.9])) == "pinball(quantiles=[0.1, 0.9])"
    for table in (ACTIVATIONS, LOSSES):
        for name, make in table.items():
            assert eval(repr(make()), dict(table)) == make()
            assert repr(make()).startswith(name)
    assert (
        repr(custom_loss(lambda y, a: (a - y) ** 2, lambda y, a: 2 * (a - y), name="q"))
        == "custom_loss(…, name='q')"
    )


def test_a_report_is_its_summary(report) -> None:
    assert repr(report) == str(report)
    assert len(repr(report)) < 300
    assert "2 epochs, 2 steps, loss 0." in str(report)
    assert "best epoch" not in str(report)


def test_a_report_names_the_epoch_that_was_kept() -> None:
    wild = SGD(learning_rate=3.0)
    rule = EarlyStopping(patience=5)
    kept = train(
        NET,
        X,
        Y,
        optimizer=wild,
        early_stopping=rule,
        validation=(X[::-1], Y),
        max_epochs=30,
        seed=3,
    )
    best = kept.history[kept.best_epoch - 1]
    expected = f"The parameters are those of the best epoch, {kept.best_epoch}: validation loss "
    assert f"{expected}{best.validation_loss:.6g}." in str(kept)
    assert float(objective(NET, kept.parameters, X[::-1], Y)) == pytest.approx(
        best.validation_loss, rel=1e-12
    )
    rule = EarlyStopping(monitor="accuracy", patience=5)
    kept = train(NET, X, Y, early_stopping=rule, max_epochs=3)
    best = kept.history[kept.best_epoch - 1]
    assert (
        f"best epoch, {kept.best_epoch}: loss {best.loss:.6g}, accuracy {best.metrics['accuracy']:.6g}."
        in str(kept)
    )


@pytest.mark.parametrize(
    ("change", "there", "here"),
    [
        (
            {"optimizer": SGD(learning_rate=0.2)},
            "optimizer.learning_rate = 0.1",
            "optimizer.learning_rate = 0.2",
        ),
        ({"optimizer": "adam"}, "optimizer.name = 'sgd'", "optimizer.name = 'adam'"),
        (
            {"schedule": Step(multiplier=0.25)},
            "schedule.multiplier = 0.5",
            "schedule.multiplier = 0.25",
        ),
        ({"dropout": 0.5}, "dropout[1] = 0.25", "dropout[1] = 0.5"),
        ({"validation": None}, "rows = 9", "rows = 12"),
        ({"validation": (X[:3], Y[:3])}, "rows = 9", "rows = 12"),
        ({"l2": 0.5}, "l2 = 0.0", "l2 = 0.5"),
        (
            {"sample_weight": np.full(12, 2.0)},
            "other rows or targets",
            "weights that the run began with",
        ),
    ],
)
def test_what_differs_from_the_run_resumed(tmp_path, change, there, here) -> None:
    settings = {
        "optimizer": SGD(learning_rate=0.1),
        "schedule": Step(),
        "dropout": 0.25,
        "validation": 0.25,
    }
    train(NET, X, Y, checkpoint=Checkpoint(tmp_path / "c"), max_epochs=1, **settings)
    message = said(train, NET, X, Y, resume=tmp_path / "c", **{**settings, **change})
    assert f"of a run with {there}. Allowed: " in message
    assert here in message


def test_another_network_or_other_validation_rows_resumed(tmp_path) -> None:
    settings = {"validation": (X[:4], Y[:4]), "max_epochs": 1}
    train(NET, X, Y, checkpoint=Checkpoint(tmp_path / "c"), **settings)
    other = Network((2, 3, 2), ("relu", "softmax"), "cross_entropy")
    message = said(train, other, X, Y, resume=tmp_path / "c", **settings)
    assert "network.activations[0].name = 'tanh'" in message
    message = said(
        train,
        NET,
        X,
        Y,
        resume=tmp_path / "c",
        **{**settings, "validation": (X[:4], Y[1:5])},
    )
    assert "other validation rows or targets" in message
    message = said(train, NET, X, Y, resume=tmp_path / "c", max_epochs=1)
    assert "of a run with validation rows" in message
