"""Imports: weights bit by bit, outputs within the bound, what is no dense network refused by its node."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from chainrule import (
    InputError,
    Model,
    Network,
    Predictor,
    explain,
    from_onnx,
    from_sklearn,
    from_torch,
    load_model,
    save_model,
    train,
)

from .networks import random_model

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
RNG = np.random.default_rng


def same_bits(one: Any, other: Any) -> bool:
    one, other = np.ascontiguousarray(one), np.ascontiguousarray(other)
    return one.dtype == other.dtype and one.tobytes() == other.tobytes()


# ---- ONNX


@pytest.mark.parametrize("seed", range(50))
def test_onnx_both_ways(seed, tmp_path):
    pytest.importorskip("onnx", reason="onnx is not installed")
    model = random_model(seed, ("float32", "float64")[seed % 2])
    names = [phi.name for phi in model.network.activations]
    if "gelu" in names and seed % 2:
        with pytest.raises(InputError, match="gelu in float64"):
            model.export(tmp_path / "m.onnx")
        return
    model.export(tmp_path / "m.onnx")
    again = from_onnx(tmp_path / "m.onnx", loss=model.network.loss)
    assert again.network == model.network
    assert same_bits(again.parameters.theta, model.parameters.theta)
    assert again.notes["imported"]["difference"] <= again.notes["imported"]["bound"]


def made_of(
    *nodes: Any, arrays: dict[str, Any], output: str = "y", **more: Any
) -> bytes:
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    h, kind = onnx.helper, onnx.TensorProto.FLOAT
    graph = h.make_graph(
        [
            h.make_node(*node[:3], **(node[3] if len(node) > 3 else {}))
            for node in nodes
        ],
        "g",
        [h.make_tensor_value_info("x", kind, ["N", 2])],
        [h.make_tensor_value_info(output, kind, None)],
        [onnx.numpy_helper.from_array(a, n) for n, a in arrays.items()],
    )
    imports = [h.make_opsetid("", more.get("opset", 17))]
    return h.make_model(graph, opset_imports=imports).SerializeToString()


W = np.array([[1, 2, 3], [4, 5, 6]], np.float32)
B = np.array([1, 2, 3], np.float32)
M, S = np.array([1, 2], np.float32), np.array([2, 4], np.float32)


def test_scaling_nodes_are_folded(tmp_path):
    nodes = [
        ("Sub", ["x", "m"], ["c"]),
        ("Div", ["c", "s"], ["n"]),
        ("MatMul", ["n", "W"], ["z"]),
        ("Add", ["z", "b"], ["a"]),
        ("Mul", ["a", "k"], ["y"]),
    ]
    arrays = {"m": M, "s": S, "W": W, "b": B, "k": np.array(2, np.float32)}
    (tmp_path / "m.onnx").write_bytes(made_of(*nodes, arrays=arrays))
    model = from_onnx(tmp_path / "m.onnx")
    x = RNG(0).normal(size=(5, 2)).astype(np.float32)
    found = Predictor(model.network, model.parameters)(x)
    np.testing.assert_allclose(found, 2 * (((x - M) / S) @ W + B), rtol=1e-5, atol=1e-5)
    assert len(model.notes["imported"]["changed"]) == 2


@pytest.mark.parametrize(
    ("nodes", "said"),
    [
        ([("Conv", ["x", "W"], ["y"])], r"node 'y' \(Conv\)"),
        (
            [("MatMul", ["x", "W"], ["z"]), ("Gemm", ["z", "x"], ["y"])],
            r"\(Gemm\).*not rows times",
        ),
        (
            [
                ("MatMul", ["x", "W"], ["z"]),
                ("Relu", ["z"], ["a"]),
                ("Mul", ["a", "z"], ["y"]),
            ],
            "no activation",
        ),
        ([("Relu", ["x"], ["a"]), ("MatMul", ["a", "W"], ["y"])], "no activation"),
        ([("MatMul", ["x", "nowhere"], ["y"])], "'nowhere' is not there"),
        ([("Gemm", ["x", "W"], ["y"], {"alpha": 2.0})], "alpha other than 1"),
        ([("MatMul", ["x", "W3"], ["y"])], "weights for 3 inputs after 2 outputs"),
    ],
)
def test_what_is_no_dense_network_is_refused_with_its_node(nodes, said, tmp_path):
    arrays = {"W": W, "b": B, "W3": np.ones((3, 3), np.float32)}
    (tmp_path / "m.onnx").write_bytes(made_of(*nodes, arrays=arrays))
    with pytest.raises(InputError, match=said) as caught:
        from_onnx(tmp_path / "m.onnx")
    assert caught.value.remedy


def test_a_skip_is_refused(tmp_path):
    square = np.eye(2, dtype=np.float32)
    nodes = [
        ("MatMul", ["x", "S"], ["z"]),
        ("Relu", ["z"], ["a"]),
        ("MatMul", ["a", "S"], ["z2"]),
        ("Add", ["z2", "a"], ["y"]),
    ]
    (tmp_path / "m.onnx").write_bytes(made_of(*nodes, arrays={"S": square}))
    with pytest.raises(InputError, match=r"no activation|skip"):
        from_onnx(tmp_path / "m.onnx")


def test_hostile_tensors_are_refused(tmp_path):
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    whole = made_of(("MatMul", ["x", "W"], ["y"]), arrays={"W": W})

    def refused(said: str, alter: Any) -> None:
        model = onnx.load_model_from_string(whole)
        alter(model.graph.initializer[0], model)
        (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
        with pytest.raises(InputError, match=said):
            from_onnx(tmp_path / "m.onnx")

    refused("with 6 numbers", lambda t, m: t.dims.__setitem__(0, 2**60))
    refused("shape", lambda t, m: t.dims.__setitem__(0, -2))
    refused("an array of", lambda t, m: setattr(t, "data_type", 10))
    refused("outside of the file", lambda t, m: setattr(t, "data_location", 1))
    refused("opset 9", lambda t, m: setattr(m.opset_import[0], "version", 9))
    refused("two arrays", lambda t, m: m.graph.initializer.append(t))
    refused("functions", lambda t, m: m.functions.add())
    refused(
        "without its checksum", lambda t, m: setattr(m, "producer_name", "chainrule")
    )
    refused("written twice", lambda t, m: m.graph.node.append(m.graph.node[0]))


def altered(rng: np.random.Generator, blob: bytes) -> bytes:
    """One of the usual damages: a bit, a cut, bytes put in, taken out or written over."""
    at, kind = int(rng.integers(len(blob))), int(rng.integers(5))
    some = rng.bytes(int(rng.choice([1, 2, 8, 100])))
    if kind == 0:
        return (
            blob[:at] + bytes([blob[at] ^ (1 << int(rng.integers(8)))]) + blob[at + 1 :]
        )
    if kind == 1:
        return blob[:at]
    if kind == 2:
        return blob[:at] + some + blob[at:]
    if kind == 3:
        return blob[:at] + blob[at + len(some) :]
    return blob[:at] + some[: len(blob) - at] + blob[at + len(some) :]


def require_refused_or_same(folder: Any, seed: int, count: int) -> None:
    model = random_model(seed, widest=8)
    model.export(folder / "m.onnx")
    blob, rng = (folder / "m.onnx").read_bytes(), RNG(seed)
    whole = from_onnx(folder / "m.onnx")
    refused = 0
    for _ in range(count):
        (folder / "a.onnx").write_bytes(altered(rng, blob))
        try:
            found = from_onnx(folder / "a.onnx")
        except InputError as error:
            refused += all((error.given, error.allowed, error.remedy))
            continue
        assert found.network == whole.network
        assert same_bits(found.parameters.theta, whole.parameters.theta)
    assert refused > count / 2


def test_altered_files_are_refused_or_the_same(tmp_path):
    pytest.importorskip("onnx", reason="onnx is not installed")
    require_refused_or_same(tmp_path, 3, 300)


@pytest.mark.full
@pytest.mark.parametrize("seed", range(10))
def test_altered_at_10_000_places(seed, tmp_path):
    pytest.importorskip("onnx", reason="onnx is not installed")
    require_refused_or_same(tmp_path, seed, 1000)


# ---- scikit-learn


@pytest.mark.parametrize("seed", range(50))
def test_scikit_learn(seed, tmp_path):
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    rng = RNG(seed)
    X = rng.normal(size=(40, int(rng.integers(1, 6)))).astype(("f4", "f8")[seed % 2])
    hidden = tuple(int(n) for n in rng.integers(1, 9, int(rng.integers(1, 4))))
    phi = ("identity", "logistic", "tanh", "relu")[seed % 4]
    settings: Any = {"hidden_layer_sizes": hidden, "activation": phi, "max_iter": 3}
    kind = seed % 5
    if kind == 4:
        y: Any = rng.normal(size=(40, 2))
        theirs: Any = MLPRegressor(**settings, random_state=0).fit(X, y)
        expected = theirs.predict(X)
    else:
        shape: Any = (40, 3) if kind == 3 else 40
        y = rng.integers(0, 3 if kind == 2 else 2, shape)
        theirs = MLPClassifier(**settings, random_state=0).fit(X, y)
        expected = theirs.predict_proba(X)
    model = from_sklearn(theirs)
    for W, coef in zip(model.parameters.weights, theirs.coefs_, strict=True):
        assert same_bits(W, coef.T)
    for b, intercept in zip(model.parameters.biases, theirs.intercepts_, strict=True):
        assert same_bits(b, intercept)
    found = Predictor(model.network, model.parameters)(X)
    found = (
        np.hstack([1 - found, found]) if found.shape[1] < expected.shape[1] else found
    )
    np.testing.assert_allclose(found, expected, atol=model.notes["imported"]["bound"])
    save_model(tmp_path / "m.safetensors", model.network, model.parameters, model.notes)
    assert load_model(tmp_path / "m.safetensors").notes == model.notes


def test_a_pipeline_is_folded_and_what_is_no_scaler_is_refused():
    from sklearn.decomposition import PCA
    from sklearn.linear_model import LinearRegression
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

    X = RNG(0).normal(size=(50, 3)) * [1, 10, 100] + 5
    y = X[:, 0] > 5
    last = MLPClassifier((4,), max_iter=20, random_state=0)
    theirs = make_pipeline(StandardScaler(), RobustScaler(), MinMaxScaler(), last).fit(
        X, y
    )
    model = from_sklearn(theirs)
    found = Predictor(model.network, model.parameters)(X)[:, 0]
    np.testing.assert_allclose(found, theirs.predict_proba(X)[:, 1], atol=1e-12)
    assert same_bits(model.parameters.weights[1], last.coefs_[1].T)
    with pytest.raises(InputError, match="step 0 of the pipeline, PCA"):
        from_sklearn(make_pipeline(PCA(), last).fit(X, y))
    with pytest.raises(InputError, match="LinearRegression"):
        from_sklearn(LinearRegression())
    with pytest.raises(InputError, match="not fitted"):
        from_sklearn(MLPClassifier())


def test_predictions_that_are_not_the_networks_are_refused():
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    class Calibrated(MLPClassifier):
        def predict_proba(self, X):
            return super().predict_proba(X) ** 2

    X = RNG(0).normal(size=(60, 3))
    fitted = Calibrated((4,), max_iter=20, random_state=0).fit(X, X[:, 0] > 0)
    for theirs in (fitted, make_pipeline(StandardScaler().fit(X), fitted)):
        with pytest.raises(InputError, match="no subclass that changes them"):
            from_sklearn(theirs)


def test_everything_works_on_what_is_imported(tmp_path):
    from sklearn.neural_network import MLPClassifier

    X = RNG(0).normal(size=(60, 3))
    y = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0)
    theirs = MLPClassifier((4,), max_iter=20, random_state=0).fit(X, y)
    model = from_sklearn(theirs)
    assert explain(model, X[:4], y[:4]).text()
    report = train(model.network, X, y, parameters=model.parameters, max_epochs=3)
    assert report.loss[-1] <= report.loss[0]
    stamp = model.export(tmp_path / "m.c", rows=X)
    assert stamp.difference < 1e-5


# ---- PyTorch


def torch_module(torch: Any, seed: int) -> Any:
    nn, rng = torch.nn, RNG(seed)
    torch.manual_seed(seed)
    made = [
        *(nn.ReLU, nn.Sigmoid, nn.Tanh, nn.SELU, nn.SiLU, nn.Mish, nn.Softsign),
        *(nn.Hardsigmoid, nn.LeakyReLU, nn.ELU, nn.GELU, lambda: nn.GELU("tanh")),
        *(nn.Hardtanh, lambda: nn.Softplus(threshold=40), lambda: nn.Softmax(1)),
    ]
    sizes = [int(n) for n in rng.integers(1, 9, int(rng.integers(2, 5)))]
    parts = [nn.Flatten()]
    for l, (a, b) in enumerate(itertools.pairwise(sizes)):
        inner = nn.Sequential(
            nn.Linear(a, b, bias=bool((seed + l) % 3)), made[(seed + l) % len(made)]()
        )
        parts += [inner, nn.Dropout(0.5)]
    module = nn.Sequential(*parts, nn.Linear(sizes[-1], 3))
    return module.double() if seed % 2 else module


@pytest.mark.parametrize("seed", range(50))
def test_torch(seed):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    module = torch_module(torch, seed)
    model = from_torch(module)
    linear = [m for m in module.modules() if isinstance(m, torch.nn.Linear)]
    for W, one in zip(model.parameters.weights, linear, strict=True):
        assert same_bits(W, one.weight.detach().numpy())
    assert module.training, "the module is as it was"
    x = RNG(seed).normal(size=(30, model.network.sizes[0]))
    theirs = module.eval()(linear[0].weight.new_tensor(x)).detach().numpy()
    found = Predictor(model.network, model.parameters)(x.astype(theirs.dtype))
    np.testing.assert_allclose(found, theirs, atol=2 * model.notes["imported"]["bound"])


def test_torch_logits_and_refusals():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    nn = torch.nn
    plain = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 2))
    model = from_torch(plain, output_activation="softmax")
    assert model.network.loss.name == "cross_entropy"
    for layers, said in (
        ([nn.Linear(2, 3), nn.BatchNorm1d(3)], "layer 1, BatchNorm1d"),
        ([nn.Linear(2, 3), nn.ReLU(), nn.Tanh()], "a second activation"),
        ([nn.ReLU(), nn.Linear(2, 3)], "before the first Linear"),
        ([nn.Linear(2, 3), nn.Linear(4, 3)], "4 inputs after a layer of 3"),
        ([nn.Linear(2, 3), nn.ReLU6()], "ReLU6"),
        ([nn.Linear(2, 3), nn.Softplus(beta=2)], "beta = 2"),
    ):
        with pytest.raises(InputError, match=said):
            from_torch(nn.Sequential(*layers))
    with pytest.raises(InputError, match=r'Pass output_activation="sigmoid"\.'):
        from_torch(plain, loss="binary_cross_entropy")

    class Own(nn.Module):
        pass

    with pytest.raises(
        InputError, match=r"a module of your own.*order of its forward, or .*from_onnx"
    ):
        from_torch(Own())


def test_one_torch_activation_in_two_places():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    nn = torch.nn
    act = nn.Tanh()
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(2, 4), act, nn.Linear(4, 4), act, nn.Linear(4, 1))
    module.double()[1].eval()
    model = from_torch(module)
    assert [phi.name for phi in model.network.activations] == [
        *("tanh", "tanh", "identity")
    ]
    x = RNG(0).normal(size=(30, 2))
    theirs = module(torch.tensor(x)).detach().numpy()
    found = Predictor(model.network, model.parameters)(x)
    np.testing.assert_allclose(found, theirs, rtol=0, atol=1e-14)
    assert module.training, "each part is in the mode that it was in"
    assert not act.training
    block = nn.Sequential(nn.Linear(3, 3), nn.Tanh())
    with pytest.raises(InputError, match=r"layer 1\.0, Linear: its weights are those"):
        from_torch(nn.Sequential(block, block))
    tied = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    tied[1].weight = tied[0].weight
    with pytest.raises(InputError, match=r"layer 1, .*those of layer 0 again"):
        from_torch(tied)


def _hook(module: Any) -> None:
    module.register_forward_hook(lambda module, given, made: 1.001 * made)


def _inner_hook(module: Any) -> None:
    _hook(module[1])


def _pre_hook(module: Any) -> None:
    module.register_forward_pre_hook(lambda module, given: (given[0] + 0.001,))


def _own_forward(module: Any) -> None:
    forward = module.forward
    module.forward = lambda x: forward(x) ** 2


def _two_outputs(module: Any) -> None:
    module.forward = lambda x: (x, x)


def _fewer_outputs(module: Any) -> None:
    module.register_forward_hook(lambda module, given, made: made[:, :1])


@pytest.mark.parametrize(
    "alter",
    [_hook, _inner_hook, _pre_hook, _own_forward, _two_outputs, _fewer_outputs],
)
def test_a_torch_module_that_is_not_its_layers_is_refused(alter):
    nn = pytest.importorskip("torch", reason="PyTorch is not installed").nn
    module = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 3)).double()
    from_torch(module)
    alter(module)
    with pytest.raises(InputError, match="Remove hooks"):
        from_torch(module)
    assert module.training


def test_torch_weights_that_are_none():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    nn = torch.nn
    plain = nn.Linear(2, 3)
    with pytest.raises(InputError, match=r"a state_dict .*load_state_dict"):
        from_torch(plain.state_dict())
    normed = nn.utils.parametrizations.weight_norm(nn.Linear(2, 3))
    for module, said in (
        (nn.Linear(2, 3).bfloat16(), r"weights of bfloat16.*module\.float\(\)"),
        (normed, "remove_parametrizations"),
        (nn.Linear(2, 3, device="meta"), "without weights yet"),
        (nn.Sequential(nn.Conv1d(1, 1, 1), plain), "layer 0, Conv1d: a layer that"),
        (nn.Sequential(plain, nn.Softplus()).double(), "threshold = 20.*set it to 40"),
    ):
        with pytest.raises(InputError, match=said):
            from_torch(module)


def test_a_network_of_ours_is_no_import():
    net = Network((1, 1), ("tanh",), "squared_error")
    with pytest.raises(InputError, match="Model"):
        from_sklearn(Model(net, net.init(seed=0)))
