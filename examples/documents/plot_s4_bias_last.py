"""
S4: the bias in the last column
===============================

Gregor Hartl Watters' text appends a 1 to each layer's output and the bias as the last column of W;
the output F is linear, and the loss is a sum of squares without ½. A derivative by a vector is a row
in its section 2. And it lets a step leave layers out.
"""

import matplotlib.pyplot as plt
import numpy as np

from chainrule.documents import bias_last, in_text

network = bias_last.network((2, 2, 1))
W = {1: [[2, -1, 0], [4, -1, -2]], "F": [[4, -8, 2]]}
p = bias_last.run(network, W, x=[1, 2], y=[1])
print(in_text(bias_last.quantities(p)))

# %%
# Several hidden layers, each with an activation of its own. The derivatives on the way back are rows:
# ∂L/∂f, then for each layer ∂L/∂h^n and ∂L/∂g^n.

deep = bias_last.network((1, 8, 8, 1), ("tanh", "tanh"))
start = bias_last.arrays_of(deep.init(seed=0))
p = bias_last.run(deep, start, [0.5], [1.0])
for name, row in (("∂L/∂f", p.dL_df), ("∂L/∂h^2", p.dL_dh[2]), ("∂L/∂g^2", p.dL_dg[2])):
    print(f"{name}: {row.shape[0]} × {row.shape[1]}")

# %%
# The text has one sample; over several, a step follows each. All layers learn, or the last one alone,
# with the hidden layers as they were drawn.

x = np.linspace(-2, 2, 25)
y = np.sin(2 * x)


def trained(layers):
    """Arrays after 200 times through the samples, and the mean loss of each time."""
    arrays, losses = start, []
    for _ in range(200):
        total = 0.0
        for one, target in zip(x, y, strict=True):
            p = bias_last.run(deep, arrays, [one], [target])
            total += p.loss
            arrays = bias_last.step(p, eta=0.02, layers=layers)
        losses.append(total / len(x))
    return arrays, losses


fig, (left, right) = plt.subplots(1, 2, figsize=(8.5, 3.8), layout="constrained")
right.plot(x, y, "o", color="0.6", label="samples")
for name, layers in (("all layers", [1, 2, "F"]), ("W^F alone", ["F"])):
    arrays, losses = trained(layers)
    left.semilogy(losses, label=name)
    right.plot(
        x, [bias_last.run(deep, arrays, [one], [0.0]).f[0, 0] for one in x], label=name
    )
left.set(
    xlabel="times through the samples",
    ylabel="mean of L = (y − f)²",
    title="Steps of η = 0.02",
)
left.legend()
right.set(xlabel="x", ylabel="f", title="The network afterwards")
right.legend()
