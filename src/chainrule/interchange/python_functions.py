"""The functions of the Python that is written, each activation φ by NumPy alone."""

from __future__ import annotations

from .function_texts import Texts

__all__ = ["FUNCTIONS"]

#: As in native/kernels/math-inl.h, where the error is stated: 1.8 ulp of float64.
ERF_NEAR = (
    *(-7.80104252349058042e-10, 1.37228943110058309e-08, -1.62091560627544382e-07),
    *(1.64475149564086728e-06, -1.49247444311737226e-05, 1.20552953077421367e-04),
    *(-8.54832598924570451e-04, 5.22397760741348961e-03, -2.68661706432749246e-02),
    *(1.12837916709452452e-01, -3.76126389031835484e-01, 1.12837916709551256e00),
)
ERF_FAR = (
    *(-2.12159631409475395e02, 7.48105061845697719e02, -1.15316658676741918e03),
    *(9.94915407416666881e02, -5.10903276993869497e02, 1.61260973435861644e02),
    *(-4.11291054454911986e01, 9.89053222940171928e00, 1.89701901616818014e00),
    *(2.05855012205963117e00, 1.12326071224905655e00, 5.64377632947910213e-01),
    -3.13555220466418727e-06,
)
#: name → the functions that it calls, and its text: φ of z and its parameter.
FUNCTIONS: Texts = {
    "identity": ((), "def identity(z):\n    return z\n"),
    "exponential": (
        (),
        "def exponential(z):  # NumPy warns where it overflows\n"
        '    with np.errstate(over="ignore"):\n        return np.exp(z)\n',
    ),
    "exp": (("exponential",), "def exp(z):\n    return exponential(z)\n"),
    "sigmoid": (
        (),
        "def sigmoid(z):\n    e = np.exp(-np.abs(z))\n    return np.where(z > 0, 1, e) / (1 + e)\n",
    ),
    "tanh": ((), "def tanh(z):\n    return np.tanh(z)\n"),
    "relu": ((), "def relu(z):\n    return np.where(z <= 0, 0 * z, z)\n"),
    "leaky_relu": (
        (),
        "def leaky_relu(z, slope):\n    return np.where(z > 0, z, slope * z)\n",
    ),
    "elu": (
        (),
        "def elu(z, alpha):\n    return np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0)))\n",
    ),
    "selu": (
        ("elu",),
        "def selu(z):\n    return 1.0507009873554805 * elu(z, 1.6732632423543772)\n",
    ),
    "erf": (
        (),
        f"ERF_NEAR = {ERF_NEAR}\nERF_FAR = {ERF_FAR}\n\n\n"
        "def erf(x):  # x P(x²) up to 1, then 1 - exp(-x²) Q(1 / (|x| + 2))\n"
        "    size = np.abs(x)\n"
        "    near, far = np.zeros_like(x), np.zeros_like(x)\n"
        "    for c in ERF_NEAR:\n"
        "        near = near * np.minimum(x * x, 1) + c\n"
        "    for c in ERF_FAR:\n"
        "        far = far / (size + 2) + c\n"
        "    return np.where(size < 1, x * near, np.sign(x) * (1 - far * np.exp(-x * x)))\n",
    ),
    "gelu": (
        ("erf",),
        "def gelu(z):\n    return z * (0.5 * (1 + erf(z * 0.7071067811865476)))\n",
    ),
    "gelu_tanh": (
        ("sigmoid",),
        "def gelu_tanh(z):\n    return z * sigmoid(1.5957691216057308 * (z + 0.044715 * z * z * z))\n",
    ),
    "silu": (("sigmoid",), "def silu(z):\n    return z * sigmoid(z)\n"),
    "softplus": (
        (),
        "def softplus(z):\n    return np.where(z > 0, z, 0 * z) + np.log1p(np.exp(-np.abs(z)))\n",
    ),
    "mish": (("softplus",), "def mish(z):\n    return z * np.tanh(softplus(z))\n"),
    "squareplus": (
        (),
        "def squareplus(z, b):\n    far = np.sqrt(z * z + b) + np.abs(z)\n"
        "    return np.where(z > 0, far, b / far) / 2\n",
    ),
    "softsign": ((), "def softsign(z):\n    return z / (1 + np.abs(z))\n"),
    "hard_sigmoid": (
        (),
        "def hard_sigmoid(z):\n    return np.clip(z / 6 + 0.5, 0, 1)\n",
    ),
    "hard_tanh": ((), "def hard_tanh(z):\n    return np.clip(z, -1, 1)\n"),
    "softmax": (
        (),
        "def softmax(z):\n    e = np.exp(z - z.max(axis=1, keepdims=True))\n"
        "    return e / e.sum(axis=1, keepdims=True)\n",
    ),
}
