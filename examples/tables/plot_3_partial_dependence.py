"""
Importance and partial dependence
=================================

The columns that a model of a table uses, and how its prediction moves with them. The rents here are
made by a formula, so that the answers can be compared with it.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from chainrule import TabularRegressor

rng = np.random.default_rng(0)
N = 1200
X = pd.DataFrame(
    {
        "area (m²)": rng.uniform(25, 120, N).round(),
        "built": rng.integers(1900, 2025, N),
        "district": rng.choice(["center", "harbor", "hills"], N, p=[0.3, 0.5, 0.2]),
        "door number": rng.integers(1, 200, N),
    }
)
extra = {"center": 250.0, "harbor": 0.0, "hills": 120.0}


def rent(flats: pd.DataFrame) -> pd.Series:
    """Euros a month: by area, more for old and for new houses, and by district."""
    return (
        9 * flats["area (m²)"]
        + 0.06 * (flats["built"] - 1965) ** 2
        + flats["district"].map(extra)
    )


y = rent(X) + rng.normal(0, 40, N)
X.loc[rng.choice(N, 60, replace=False), "built"] = np.nan  # some do not know

# %%
# The frame goes in as it is, with its words and its missing values.

model = TabularRegressor("fast").fit(X[:900], y[:900])
print(f"R² on 300 other flats: {model.score(X[900:], y[900:]):.3f}")

# %%
# Importance: by how much the squared error grows when a column is shuffled. The door number is not
# in the formula, and is not used.

importance = model.permutation_importance(X[900:], y[900:], repeats=5)
names, growth, spread = zip(*importance.ordered()[::-1], strict=True)

fig, ax = plt.subplots(figsize=(6, 2.8), layout="constrained")
ax.barh(names, growth, xerr=spread)
ax.set(
    xlabel="growth of the squared error (variance of the rents = 1)",
    ylabel="column",
    title="Permutation importance",
)

# %%
# Partial dependence: the mean prediction if all flats had one value of a column. The gray lines are
# the formula's.

fig, axes = plt.subplots(1, 3, figsize=(9, 3.4), sharey=True, layout="constrained")
known = X[:900].dropna()
for ax, name in zip(axes, ["area (m²)", "built", "district"], strict=True):
    curve = model.partial_dependence(X[:900], name)
    values = [value for value in curve.values if not pd.isna(value)]
    true = [rent(known.assign(**{name: value})).mean() for value in values]
    style = "o" if name == "district" else "-"
    ax.plot(
        values, true, style, color="0.7", linewidth=5, markersize=12, label="formula"
    )
    ax.plot(values, curve.means[: len(values), 0], style, label="model")
    ax.set(xlabel=name)
axes[0].set_ylabel("mean rent (€ a month)")
axes[0].legend()

# %%
# One flat: the part of each column in its prediction, beside that for the mean of the rows. The parts
# add up to the prediction.

flats = X[900:].dropna()
flat = flats[:1]
parts = model.contributions(flats)
fig, ax = plt.subplots(figsize=(6, 2.8), layout="constrained")
labels = [f"{name} = {flat.iloc[0][name]}" for name in parts.names]
ax.barh(labels[::-1], parts.values[0, 0, ::-1])
ax.axvline(0, color="black", linewidth=0.8)
ax.set(
    xlabel="part in the predicted rent (€ a month)",
    ylabel="column",
    title=f"Predicted {model.predict(flat)[0]:.0f} €; for the mean row {parts.base[0]:.0f} €",
)

# sphinx_gallery_thumbnail_number = 2
