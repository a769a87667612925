"""
Levenberg–Marquardt
===================

For small networks with squared errors, a few dozen damped Gauss–Newton steps reach what
first-order rules approach in thousands. The data: the heating load of buildings by their shape.
"""

import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from chainrule import Network, forward, train

# %%
# Energy Efficiency (`UCI <https://archive.ics.uci.edu/dataset/242/energy+efficiency>`_) where the
# folder ``CHAINRULE_DATA`` has it as ``tabular/energy_efficiency.csv.gz``; else buildings that are
# made up in the same way: twelve shapes, four windows, and a load in kWh/m² that follows from them.

file = Path(os.environ.get("CHAINRULE_DATA", "")) / "tabular/energy_efficiency.csv.gz"
if file.exists():
    table = pd.read_csv(file).to_numpy()
    X, y = table[:, :8], table[:, 8]
else:
    print("No Energy Efficiency in CHAINRULE_DATA: buildings made up instead.")
    rng = np.random.default_rng(0)
    compactness = rng.choice(np.linspace(0.62, 0.98, 12), 768)
    height = np.where(compactness > 0.75, 7.0, 3.5)
    glazing = rng.choice([0, 0.1, 0.25, 0.4], 768)
    wall = rng.choice([245.0, 294, 318.5, 343, 416.5], 768)
    X = np.column_stack([compactness, height, glazing, wall, rng.integers(2, 6, 768)])
    load = 2.5 * height + 20 * glazing * np.sqrt(height) + 0.02 * wall / compactness
    y = load + rng.normal(0, 0.3, 768)

held = np.arange(len(X)) % 5 == 0
mean, std = X[~held].mean(axis=0), X[~held].std(axis=0)
x = (X - mean) / std
target = (y - y[~held].mean()) / y[~held].std()

# %%
# The same start, the same rows, three optimizers. An epoch of ``levenberg_marquardt`` and
# ``lbfgs`` is one step over all rows, one of ``adam`` is 39 steps.

network = Network((x.shape[1], 12, 1), ("tanh", "identity"), "squared_error")
runs = {
    "levenberg_marquardt": {"l2": 1e-4},
    "lbfgs": {"l2": 1e-4},
    "adam": {"l2": 1e-4, "learning_rate": 0.01, "batch_rows": 16},
}
reports = {
    name: train(
        network, x[~held], target[~held], optimizer=name, max_epochs=120, **options
    )
    for name, options in runs.items()
}

# %%
# The error on rows that were held out, in the target's unit.

for name, report in reports.items():
    output = forward(network, report.parameters, x[held]).output[:, 0]
    error = np.sqrt(np.mean((output - target[held]) ** 2)) * y[~held].std()
    print(f"{name:20} root mean squared error {error:.2f} kWh/m²")

fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3.8), layout="constrained")
for name, report in reports.items():
    left.loglog(np.arange(1, report.epochs + 1), report.loss, label=name)
left.set(xlabel="epochs", ylabel="objective J", title="Way down")
left.legend()

output = forward(network, reports["levenberg_marquardt"].parameters, x[held]).output
right.plot(y[held], output[:, 0] * y[~held].std() + y[~held].mean(), ".")
right.axline((y.mean(), y.mean()), slope=1, color="0.7")
right.set(
    xlabel="heating load (kWh/m²)",
    ylabel="predicted (kWh/m²)",
    title="Rows held out, levenberg_marquardt",
)

# %%
# The damping λ shrinks while steps do what the quadratic model foretells, and grows where a step
# would not lower J. ``report.details`` has it for each step.

details = reports["levenberg_marquardt"].details
fig, ax = plt.subplots(figsize=(6, 3), layout="constrained")
ax.semilogy(np.arange(1, len(details["damping"]) + 1), details["damping"])
ax.set(xlabel="step", ylabel="damping λ", title="Damping")
