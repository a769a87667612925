"""
S2: the constant neuron
=======================

In these notes neuron 0 of each layer is the constant 1, vectors are rows, and w_ij leads from i to j.
Biases are row 0 of a matrix; column 0 leads to the constant and never moves. Steps follow each single
pattern.
"""

import matplotlib.pyplot as plt
import numpy as np

from chainrule.documents import constant_neuron

# counted with the constant: 2, 3 and 1 neurons
network = constant_neuron.network((3, 4, 2))
w = constant_neuron.arrays_of(network.init(seed=4, initializer="glorot_normal"))
patterns = [([0, 0], [0]), ([0, 1], [1]), ([1, 0], [1]), ([1, 1], [0])]  # exclusive or

# %%
# One pass. δ_0 = 0 for the constant, and so column 0 of each derivative is 0.

p = constant_neuron.run(network, w, inputs=[1, 0], D=[1])
print("o^1 =", p.o[1].round(3))
print("δ^1 =", p.delta[1].round(3))

fig, axes = plt.subplots(1, 2, figsize=(8, 3.2), layout="constrained")
for ax, array, name in zip(axes, (p.w[0], p.dL_dw[0]), ("w^0", "∂L/∂w^0"), strict=True):
    limit = 1.5 * np.abs(array).max()
    ax.imshow(array, cmap="RdBu_r", vmin=-limit, vmax=limit, aspect="auto")
    for (i, j), value in np.ndenumerate(array):
        ax.text(j, i, f"{value:.2g}", ha="center", va="center")
    ax.set_xticks(range(4), ["constant", "1", "2", "3"])
    ax.set_yticks(range(3), ["constant", "1", "2"])
    ax.set(xlabel="to j in layer 1", ylabel="from i in layer 0", title=name)

# %%
# Pattern after pattern, :math:`Δw_{ij} = -α δ_j o_i`.

losses = []
for _ in range(3000):
    total = 0.0
    for inputs, D in patterns:
        p = constant_neuron.run(network, w, inputs, D)
        total += p.loss
        w = constant_neuron.step(p, alpha=1.0)
    losses.append(total)
print("column 0 of w^0 is still", w[0][:, 0])

fig, (left, right) = plt.subplots(1, 2, figsize=(8.5, 3.6), layout="constrained")
left.semilogy(losses)
left.set(
    xlabel="times through the four patterns", ylabel="sum of L", title="Exclusive or"
)

ticks = np.linspace(-0.3, 1.3, 40)
output = [
    [constant_neuron.run(network, w, [u, v], [0]).o[2][0, 1] for u in ticks]
    for v in ticks
]
drawn = right.contourf(ticks, ticks, output, np.linspace(0, 1, 11), cmap="RdBu_r")
for (u, v), (D,) in patterns:
    right.plot(u, v, "k^" if D else "wo", markeredgecolor="black")
right.set(xlabel="input 1", ylabel="input 2", title="Output; triangles have D = 1")
fig.colorbar(drawn, ax=right, label="o_1^2")

# sphinx_gallery_thumbnail_number = 2
