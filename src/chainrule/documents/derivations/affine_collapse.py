"""The remains of a network without activations (S1.E6): one affine map, however many layers.

    W3 (W2 (W1 x + b1) + b2) + b3 = (W3 W2 W1) x + (W3 W2 b1 + W3 b2 + b3)

The constant term does not go away: "linear combination" (S1, "Introducing Neural Networks") is true of the
weights only.
"""

from __future__ import annotations

from ...equations.network import Parameters

__all__ = ["collapse"]


def collapse(parameters: Parameters) -> Parameters:
    """One layer that does what all these do with identity activations.

    Examples
    --------
    >>> p = Parameters.from_arrays([[[1.0, 2.0]], [[3.0], [4.0]]], [[5.0], [6.0, 7.0]])
    >>> one = collapse(p)
    >>> one.weights[0], one.biases[0]
    (array([[3., 6.],
           [4., 8.]]), array([21., 27.]))
    """
    W, b = parameters.weights[0], parameters.biases[0]
    for above, bias in zip(parameters.weights[1:], parameters.biases[1:], strict=True):
        W, b = above @ W, above @ b + bias
    return Parameters.from_arrays([W], [b])
