"""
S0: the bias in column 0
========================

Bartek Dyda's notes put a 1 in front of each layer's output and the bias into column 0 of W, so that
a layer is one product: net = W x. A pass and a step in these letters, with numbers that can be
followed on paper.
"""

import matplotlib.pyplot as plt
import numpy as np

from chainrule.documents import bias_first, in_text

# %%
# A 2-2-1 network of logistic units. Its pre-activations are all 0, where σ = ½ and σ′ = ¼.

network = bias_first.network((2, 2, 1), "sigmoid")
W = {1: [[0, 2, -1], [-2, 4, -1]], 2: [[2, 4, -8]]}
p = bias_first.run(network, W, a0=[1, 2], y=[1])
print(in_text(bias_first.quantities(p)))

# %%
# Both matrices and their derivatives, δ of the layer times the transposed x. The first column
# belongs to the constant: its derivative is δ itself.

fig, axes = plt.subplots(2, 2, figsize=(6, 4.6), layout="constrained")
for l in (1, 2):
    shown = (p.W[l], f"W[{l}]"), (p.dL_dw[l], f"∂L/∂w[{l}]")
    for ax, (array, name) in zip(axes[:, l - 1], shown, strict=True):
        limit = np.abs(array).max()
        ax.imshow(array, cmap="RdBu_r", vmin=-1.6 * limit, vmax=1.6 * limit)
        for (k, j), value in np.ndenumerate(array):
            ax.text(j, k, f"{value:g}", ha="center", va="center")
        ax.axvline(0.5, color="black", linewidth=1)
        ax.set_xticks(range(3), ["bias", "j = 1", "j = 2"])
        ax.set_yticks(range(len(array)), [f"k = {k + 1}" for k in range(len(array))])
        ax.set_title(name)

# %%
# Steps of gradient descent, W ← W − α ∂L/∂W, at three rates.

fig, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
for alpha in (0.3, 1.0, 3.0):
    now, losses = W, []
    for _ in range(60):
        p = bias_first.run(network, now, [1, 2], [1])
        losses.append(p.loss)
        now = bias_first.step(p, alpha=alpha)
    ax.semilogy(losses, label=f"α = {alpha:g}")
ax.set(xlabel="step", ylabel="L = ½ (y − a)²", title="One sample, three rates")
ax.legend()

# %%
# The document asks nothing of y under softmax and cross-entropy. Where its entries add up to s, δ of
# the output is s a − y, and a − y only for s = 1.

softmax = bias_first.network((2, 3), softmax=True)
for y in ([0, 1, 0], [1, 1, 0]):
    p = bias_first.run(softmax, {1: np.ones((3, 3))}, [1, 0], y)
    print(f"y = {y}: δ = {p.delta[1][:, 0].round(3)}")
