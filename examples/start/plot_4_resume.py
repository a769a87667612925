"""
Checkpoint and resume
=====================

A run is saved as it goes. Resumed, it continues as if it had never stopped: the order of the rows,
the optimizer's memory and the schedule are taken up where they were.
"""

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from chainrule import Checkpoint, Network, train

images, digit = load_digits(return_X_y=True)
x, y = images / 16, digit
network = Network((64, 32, 10), ("relu", "softmax"), "cross_entropy")
settings = {"batch_rows": 64, "dropout": 0.2, "optimizer": "adamw", "seed": 3}

# %%
# Twelve epochs with a checkpoint every five, and once more at the end. Ctrl-C ends a run
# in the same way, after the last complete step.

folder = Path(tempfile.mkdtemp())
checkpoint = Checkpoint(folder / "run.safetensors", every_epochs=5)
first = train(network, x, y, max_epochs=12, checkpoint=checkpoint, **settings)

# %%
# Continue to 30 epochs from the file, and compare with 30 epochs in one go.

resumed = train(network, x, y, max_epochs=30, resume=checkpoint.path, **settings)
whole = train(network, x, y, max_epochs=30, **settings)
difference = np.abs(resumed.parameters.theta - whole.parameters.theta).max()
print(f"largest difference of a parameter: {difference:g}")

# %%

epochs = np.arange(1, 31)
fig, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
ax.plot(epochs, whole.loss, color="0.75", linewidth=6, label="in one go")
ax.plot(epochs[:12], first.loss, label="until the checkpoint")
ax.plot(epochs[12:], resumed.loss[12:], "--", label="resumed")
ax.axvline(12, color="black", linewidth=0.8, linestyle=":")
ax.set(xlabel="epoch", ylabel="loss (cross-entropy)", title="Two parts of one run")
ax.legend()

# %%
# Other data or settings are refused, with the first that differs; only limits may change.
