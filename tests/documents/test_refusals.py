"""What a notation or a derivation is given wrongly is refused in three parts, in the document's own letters."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule import (
    ACTIVATIONS,
    InputError,
    Network,
    Parameters,
    backward,
    explain,
    forward,
)
from chainrule.documents import (
    ShapeError,
    bias_first,
    bias_last,
    column_batch,
    constant_neuron,
    flat_theta,
    notation,
    sweep,
)
from chainrule.documents.derivations import (
    chain,
    flat_training,
    layer_subset,
    neuron,
    paths,
    pattern_steps,
    polynomial,
)

NETWORK = Network((3, 4, 2), ("tanh", "identity"), "squared_error")
PARAMETERS = NETWORK.init(0)
X, Y = np.array([[0.5, -1.0, 2.0]]), np.array([[1.0, 0.0]])
#: Document → the letter of its rate, its layers in words, the last one, some that it does not have.
LAYERS = {
    "S0": ("α", "1, 2", 2, (0, 3, -1)),
    "S1": ("α", "1, 2", 2, (0, 3, -1)),
    "S2": ("α", "0, 1", 1, (2, -1)),
    "S3": ("α", "2, 3", 3, (1, 4)),
    "S4": ("η", "1, F", "F", (0, 2, "G")),
}


def passes(alias):
    one = notation(alias)
    return one.module, one.module.view(sweep(NETWORK, PARAMETERS, X, Y))


def refused(call, *parts) -> InputError:
    """The three parts, the first of which says what was given."""
    with pytest.raises(InputError) as caught:
        call()
    error = caught.value
    assert error.given
    assert error.allowed
    assert error.remedy
    for part in parts:
        assert part in str(error)
    return error


@pytest.mark.parametrize("alias", LAYERS)
@pytest.mark.parametrize(
    "rate", [float("nan"), float("inf"), 0, -0.1, "0.1", None, True, 1j]
)
def test_a_rate_that_is_no_finite_number_above_0(alias, rate) -> None:
    module, p = passes(alias)
    refused(
        lambda: module.step(p, rate),
        f"Given: {LAYERS[alias][0]} = ",
        "a finite number > 0",
    )


@pytest.mark.parametrize("alias", LAYERS)
def test_layers_that_are_not_there(alias) -> None:
    module, p = passes(alias)
    _, called, last, missing = LAYERS[alias]
    for one in (*missing, True, 1.0, 7.5):
        refused(
            lambda one=one: module.step(p, 0.1, layers=[one]),
            f"layers = {one}",
            f"layers {called}",
        )
        refused(
            lambda one=one: module.step(p, 0.1, layers=[last, one]), f"layers = {one}"
        )
    refused(lambda: module.step(p, 0.1, layers=[]), "moves nothing", called)
    refused(lambda: module.step(p, 0.1, layers="F"), "a list of layers", called)
    refused(lambda: module.step(p, 0.1, layers=1), "a list of layers", called)


@pytest.mark.parametrize("alias", LAYERS)
def test_one_layer_moves_and_the_others_stay(alias) -> None:
    module, p = passes(alias)
    last = LAYERS[alias][2]
    for layers in ([last], {last}, (last,)):
        stepped = module.step(p, np.float64(0.1), layers=layers)
        before = module.arrays_of(PARAMETERS)
        if alias == "S3":
            before, stepped = (
                flat_theta.layers_of(v, NETWORK.sizes, numbering="B")[0]
                for v in (before, stepped)
            )
        elif alias == "S1":
            before, stepped = before[0], stepped[0]
        for key, W in before.items():
            assert np.array_equal(W, stepped[key]) == (key != last)


def test_counts_of_paths_do_not_wrap() -> None:
    n = np.full(12, 1000, np.int64)
    assert paths.count(n, 11) == 1000**11  # beyond 64 bits
    assert flat_theta.count(np.array([2**31, 2**31, 2])) == 2**62 + 2**32 + 2**31 + 2
    assert flat_theta.count(np.array([2**33, 2**33, 2])) == 2**66 + 2**34 + 2**33 + 2
    refused(lambda: paths.count((3, 2, 2), 3), "j = 3", "L = 2")
    refused(lambda: paths.count((3, 2, 2), -1), "j = -1")
    refused(lambda: paths.count((3, 0, 2), 1), "n_1 = 0")
    refused(lambda: paths.count((3, 2.5, 2), 1), "n_1 = 2.5")


def test_powers_of_whole_numbers_do_not_wrap() -> None:
    x, y = np.array([10, 100, 1000]), np.array([0.0, 0.0, 0.0])
    k = np.array([0.0] * 8 + [1.0])
    assert polynomial.cost(k, x, y) == pytest.approx(10.0**48, rel=1e-9)
    refused(lambda: polynomial.descend(x, y, -1), "degree = -1")


def test_one_neuron_takes_the_name_of_its_activation() -> None:
    by_name = neuron.differentiate(2.0, -1.0, 3.0, 1.0, "relu")
    assert by_name == neuron.differentiate(2.0, -1.0, 3.0, 1.0, ACTIVATIONS["relu"]())
    assert chain.differentiate([2.0], [1.0], 1.0, 5.0, "identity")[0] == [-8.0 + 4.0]
    for call in (
        lambda mu: neuron.differentiate(2.0, -1.0, 3.0, 1.0, mu),
        lambda mu: chain.differentiate([2.0], [1.0], 1.0, 5.0, mu),
    ):
        refused(lambda call=call: call("rleu"), "μ = 'rleu'", "Did you mean 'relu'?")
        refused(lambda call=call: call("softmax"), "softmax")
        refused(lambda call=call: call(None), "μ that is None")
    refused(
        lambda: neuron.differentiate(2.0, float("nan"), 3.0, 1.0, "relu"), "b = nan"
    )
    refused(lambda: neuron.differentiate("2", 0.0, 3.0, 1.0, "relu"), "w = '2'")
    refused(
        lambda: chain.run([1.0], [1.0, 2.0], 1.0, 5.0, "tanh"), "1 weights and 2 biases"
    )


def test_a_numbering_is_a_or_b() -> None:
    arrays = ({1: [[1.0, 2.0]]}, {1: [0.5]})
    for wrong in ("C", None, ["A"]):
        refused(
            lambda wrong=wrong: flat_theta.flatten(arrays, numbering=wrong),
            "numbering",
            '"A" or "B"',
        )
        refused(
            lambda wrong=wrong: flat_theta.layers_of(
                [1.0, 2.0, 0.5], (2, 1), numbering=wrong
            ),
            '"A" or "B"',
        )


@pytest.mark.parametrize("alias", ["S0", "S4"])
def test_several_samples_where_the_document_has_one(alias) -> None:
    module, _ = passes(alias)
    W = module.arrays_of(PARAMETERS)
    two = np.ones((3, 2))
    error = refused(lambda: module.run(NETWORK, W, two, Y.T), "3 × 2")
    assert "one sample at a time" in error.remedy
    error = refused(
        lambda: module.run(NETWORK, W, X.T, np.ones((2, 5))), "y of shape 2 × 5"
    )
    assert "one sample at a time" in error.remedy
    assert "Transpose" in refused(lambda: module.run(NETWORK, W, X, Y.T)).remedy
    assert (
        "Count the entries"
        in refused(lambda: module.run(NETWORK, W, [1.0, 2.0], Y.T)).remedy
    )


def test_several_patterns_where_s2_has_one() -> None:
    w = constant_neuron.arrays_of(PARAMETERS)
    error = refused(
        lambda: constant_neuron.run(NETWORK, w, np.ones((2, 3)), Y),
        "inputs of shape 2 × 3",
    )
    assert "one pattern at a time" in error.remedy
    assert (
        "Transpose" in refused(lambda: constant_neuron.run(NETWORK, w, X.T, Y)).remedy
    )
    assert (
        "the constant, 3 in all"
        in refused(lambda: constant_neuron.run(NETWORK, w, np.ones(4), Y)).remedy
    )


@pytest.mark.parametrize("alias", ["S1", "S3"])
def test_samples_are_columns(alias) -> None:
    module, _ = passes(alias)
    arrays = module.arrays_of(PARAMETERS)
    rows = np.ones((5, 3))
    assert (
        "samples are columns"
        in refused(lambda: module.run(NETWORK, arrays, rows, Y.T)).remedy
    )
    assert (
        "3 in all"
        in refused(lambda: module.run(NETWORK, arrays, np.ones((4, 5)), Y.T)).remedy
    )
    refused(lambda: module.run(NETWORK, arrays, rows.T, Y.T), "5 columns of", "1 of")


def test_the_biases_of_a_layer_are_one_column() -> None:
    W, b = column_batch.arrays_of(PARAMETERS)
    error = refused(
        lambda: column_batch.parameters_of((W, {**b, 1: np.ones((4, 6))})),
        "b^(1) of shape 4 × 6",
    )
    assert "all trials share" in error.remedy
    W, b = flat_theta.layers_of(PARAMETERS.theta, NETWORK.sizes)
    error = refused(
        lambda: flat_theta.flatten((W, {**b, 2: np.ones((2, 6))})),
        "b^[2] of shape 2 × 6",
    )
    assert "all data share" in error.remedy


def test_a_matrix_between_two_layers_is_still_counted_by_their_neurons() -> None:
    with pytest.raises(ShapeError) as caught:
        bias_last.parameters_of({1: [[2, -1, 0], [4, -1, -2]], "F": [[4, -8]]})
    assert caught.value.remedy == "Count the neurons of both layers."


def test_a_negative_target_is_taken_by_s0s_pass_and_by_no_canonical_one() -> None:
    """S0 has (0.2) for any y, negative entries too; the library's loss needs one that has a lower bound."""
    network = bias_first.network((3, 4, 2), "tanh", softmax=True)
    parameters = network.init(1)
    W = bias_first.arrays_of(parameters)
    y = np.array([[1.5], [-0.25]])
    p = bias_first.run(network, W, X.T, y)
    assert np.allclose(p.delta[2], np.sum(y) * p.a[2] - y, rtol=1e-14, atol=0)
    h = 1e-6
    for k in range(
        2
    ):  # the derivative itself, by central differences of the loss in net
        net = [p.net[2] + s * h * np.eye(2)[:, [k]] for s in (1, -1)]
        ell = [-np.sum(y * (v - np.log(np.sum(np.exp(v))))) for v in net]
        assert (ell[0] - ell[1]) / (2 * h) == pytest.approx(p.delta[2][k, 0], abs=1e-8)
    trace = forward(network, parameters, X)
    for call in (
        lambda: backward(network, parameters, trace, y.T),
        lambda: sweep(network, parameters, X, y.T),
        lambda: explain(network, X, y.T, parameters=parameters, notation="S0"),
    ):
        refused(call)


def test_derivations_take_no_nan_and_no_missing_layer() -> None:
    loss = flat_training.gradient_of_theta(NETWORK, X, Y)
    refused(
        lambda: flat_training.descend(
            loss, PARAMETERS.theta, rate=float("nan"), steps=1
        ),
        "rate = nan",
    )
    refused(
        lambda: flat_training.descend(loss, PARAMETERS.theta, rate=0.1, steps=-1),
        "steps = -1",
    )
    refused(
        lambda: pattern_steps.step(NETWORK, PARAMETERS, X, Y, float("inf")),
        "rate = inf",
    )
    given = {"rate": 0.1, "steps": 1}
    refused(
        lambda: layer_subset.descend(NETWORK, PARAMETERS, X, Y, layers=[3], **given),
        "layers = 3",
        "layers 1, 2",
    )
    assert isinstance(
        layer_subset.descend(NETWORK, PARAMETERS, X, Y, layers=[2], **given), Parameters
    )
