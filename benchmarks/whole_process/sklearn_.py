"""E11 with scikit-learn, the same settings: python sklearn_.py TABLE.csv MODEL."""

import sys
import warnings

import joblib
import numpy as np
from sklearn.neural_network import MLPClassifier

warnings.simplefilter("ignore")  # that 200 epochs do not converge
table = np.loadtxt(sys.argv[1], delimiter=",", skiprows=1)
x, y = table[:, :-1].astype(np.float32), table[:, -1].astype(int)
model = MLPClassifier(
    (16,),
    alpha=0.0,
    batch_size=32,
    max_iter=200,
    tol=0.0,
    n_iter_no_change=200,
    random_state=0,
)
model.fit(x, y)
joblib.dump(model, sys.argv[2])
sys.stdout.write(f"{model.loss_}\n")
