"""
Export to C
===========

A trained network as one C file: no heap, no library, weights as constants. Its stamp states how far
its outputs are from the model's, so that the file can be trusted, and compared again on the target.
"""

import ctypes
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_moons

from chainrule import MLPClassifier

X, y = make_moons(400, noise=0.2, random_state=0)
model = MLPClassifier(
    (12,), "tanh", solver="lbfgs", alpha=0.1, max_iter=1000, random_state=0
)
model.fit(X, y)

file = Path(tempfile.mkdtemp()) / "moons.c"
stamp = model.export(file, rows=X)
print(f"largest difference {stamp.difference:.1e} on {stamp.rows} rows")

# %%
# The file begins with what a firmware has to know.

source = file.read_text()
head = source[: source.index("#ifdef")].splitlines()
print("\n".join(line for line in head if "chainrule-stamp" not in line))

# %%
# Compile it where there is a C compiler, and call it through ctypes.

compiler = shutil.which(os.environ.get("CC", "cc"))


def by_c(rows):
    """The probabilities of both classes by the compiled file."""
    library = file.with_suffix(".so")
    subprocess.run(
        [compiler, "-std=c99", "-O2", "-shared", "-fPIC", file, "-o", library],
        check=True,
    )
    run = ctypes.CDLL(str(library)).moons_run
    number = ctypes.POINTER(ctypes.c_float)
    output = np.empty((len(rows), 2), np.float32)
    for row, out in zip(np.asarray(rows, np.float32), output, strict=True):
        run(row.ctypes.data_as(number), out.ctypes.data_as(number))
    return output


ticks = np.linspace(-1.8, 2.8, 120), np.linspace(-1.3, 1.8, 100)
grid = np.stack(np.meshgrid(*ticks), axis=-1).reshape(-1, 2)
expected = model.predict_proba(grid)[:, 1]
if compiler:
    computed, name = by_c(grid)[:, 1], "the compiled C file"
    print(
        f"largest difference on {len(grid)} points: {np.abs(computed - expected).max():.1e}"
    )
else:
    computed, name = expected, "the model (no C compiler here)"

# %%

fig, ax = plt.subplots(figsize=(6, 4), layout="constrained")
drawn = ax.contourf(
    *ticks, computed.reshape(100, 120), np.linspace(0, 1, 11), cmap="RdBu_r", alpha=0.7
)
ax.scatter(*X[y == 0].T, s=8, color="tab:blue", label="class 0")
ax.scatter(*X[y == 1].T, s=8, color="tab:red", marker="^", label="class 1")
ax.set(
    xlabel="feature 1", ylabel="feature 2", title=f"Probability of class 1 by {name}"
)
ax.legend()
fig.colorbar(drawn, label="probability of class 1")
