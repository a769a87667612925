"""
Early stopping
==============

Few rows, some of their labels wrong: the training loss keeps falling while the validation loss
turns. `chainrule.EarlyStopping` ends the run there and returns the parameters of the best epoch.
"""

import numpy as np
from sklearn.datasets import load_digits

from chainrule import EarlyStopping, Network, train

images, digit = load_digits(return_X_y=True)
x, y = images[:600] / 16, digit[:600].copy()
rng = np.random.default_rng(0)
wrong = rng.choice(600, 60, replace=False)
y[wrong] = rng.integers(0, 10, 60)
network = Network((64, 64, 10), ("relu", "softmax"), "cross_entropy")

# %%
# A third of the rows is split off to validate on, class by class. The run ends when the validation
# loss has not fallen for 15 epochs.

report = train(
    network,
    x,
    y,
    learning_rate=0.01,
    batch_rows=32,
    max_epochs=500,
    validation=1 / 3,
    metrics=["accuracy"],
    early_stopping=EarlyStopping(patience=15),
)
print(f"epochs: {report.epochs}, the best of them: {report.best_epoch}")
print(report.stopped.value)

# %%
# The report draws its curves.

report.plot()

# %%
# ``report.parameters`` are those of the best epoch, ``report.last`` those of the last. In the
# estimators the same is ``early_stopping=True``.
