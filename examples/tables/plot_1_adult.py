"""
Adult from its file
===================

Census records, numbers and words mixed, with missing values and without a header: predict who earns
more than $50,000 a year. The file is read as it was published.
"""

import os
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.metrics import roc_auc_score, roc_curve

from chainrule import Network, forward, load_data, train

# %%
# Put ``adult.data.gz`` and ``adult.test.gz`` of the `UCI repository
# <https://archive.ics.uci.edu/dataset/2/adult>`_ into the folder ``tabular`` of the folder that
# ``CHAINRULE_DATA`` names. Without them this page reads a smaller table, written to a file first: cells
# seen under a microscope, benign or malignant.

folder = Path(os.environ.get("CHAINRULE_DATA", "")) / "tabular"
if (folder / "adult.data.gz").exists():
    data = load_data(folder / "adult.data.gz", test=folder / "adult.test.gz")
    epochs = 8
else:
    print("No Adult in CHAINRULE_DATA: cells of the breast instead.")
    cells = load_breast_cancer(as_frame=True).frame
    cells["target"] = np.where(cells["target"] == 0, "malignant", "benign")
    file = Path(tempfile.mkdtemp()) / "cells.csv"
    cells.to_csv(file, index=False)
    data = load_data(file, test_share=0.5)
    epochs = 60

for remark in data.remarks:
    print(remark)

# %%
# Numbers are standardized; each category becomes a column of its own.

n_inputs, n_classes = data.x_train.shape[1], len(data.classes)
print(
    f"{len(data.x_train)} rows to train on, {len(data.x_test)} to test on, {n_inputs} inputs"
)
for feature in data.preparation.features[:6]:
    kind = (
        "number" if feature.categories is None else f"{len(feature.categories)} kinds"
    )
    print(f"{feature.name}: {kind}")

# %%
# A small network, a few passes over the rows.

network = Network((n_inputs, 32, n_classes), ("relu", "softmax"), "cross_entropy")
report = train(
    network,
    data.x_train,
    data.y_train,
    max_epochs=epochs,
    schedule="one_cycle",
    learning_rate=0.004,
    batch_rows=min(256, len(data.x_train) // 4),
    dtype="float32",
)
output = np.asarray(forward(network, report.parameters, data.x_test).output)
accuracy = np.mean(output.argmax(axis=1) == data.y_test)
print(f"accuracy on the test rows: {accuracy:.3f}")

# %%
# Left: at which cost of false alarms how many are found. Right: a probability of 0.7 should be right
# seven times in ten; the larger a dot, the more rows it stands for.

share, true = output[:, 1], data.y_test == 1
area = roc_auc_score(true, share)
edges = np.linspace(0, 1, 11)
place = np.clip(np.digitize(share, edges) - 1, 0, 9)
filled = [k for k in range(10) if np.any(place == k)]

fig, (left, right) = plt.subplots(1, 2, figsize=(8, 3.8), layout="constrained")
left.plot(*roc_curve(true, share)[:2])
left.set(
    xlabel="false positive rate",
    ylabel="true positive rate",
    title=f"area under the curve {area:.3f}",
)
right.plot([0, 1], [0, 1], color="0.7")
right.scatter(
    [share[place == k].mean() for k in filled],
    [true[place == k].mean() for k in filled],
    s=[15 + 300 * np.mean(place == k) for k in filled],
)
right.set(
    xlabel=f"predicted probability of {data.classes[1]}",
    ylabel="observed share",
    title="calibration on the test rows",
)
