"""The documentation of the parameters and attributes that both estimators have, written once."""

from __future__ import annotations

from typing import TypeVar

__all__ = ["with_parameters"]

Estimator = TypeVar("Estimator", bound=type)

PARAMETERS = """\
hidden_layer_sizes : int or array-like of int, default (100,)
    Units of each hidden layer; () for none.
activation : str, Activation, or a list of them, default "relu"
    Of the hidden layers, all or one by one: "logistic", or a name from `ACTIVATIONS`.
solver : str or Optimizer, default "adam"
    "adam", "sgd" and "lbfgs" are scikit-learn's; every other name from `OPTIMIZERS`, with its defaults and
    `learning_rate_init`; or an optimiser with its parameters.
alpha : float, default 0.0001
    The penalty ½ alpha ‖W‖² / Σw of each batch, as scikit-learn divides it.
batch_size : int or "auto", default "auto"
    Rows of a step; "auto" is 200, or all rows if those are fewer.
learning_rate : str or Schedule, default "constant"
    "constant", "invscaling" and "adaptive" are scikit-learn's, and "adam" pays no heed to the last two; or another
    name from `SCHEDULES`, or a schedule with its parameters.
learning_rate_init : float, default 0.001
    The learning rate, before any schedule.
power_t : float, default 0.5
    The exponent of "invscaling".
max_iter : int, default 200
    Epochs at most; iterations of "lbfgs".
shuffle : bool, default True
    Whether the order of the rows is drawn anew for each epoch.
random_state : int, RandomState or None
    Of the first weights, the validation rows, the order of the rows and dropout. The same state draws what
    scikit-learn draws.
tol : float, default 1e-4
    What counts as an improvement of the loss, per output, or of the validation score; of "lbfgs" the largest entry
    of the gradient at which it ends.
verbose : bool, default False
    Whether to print the loss of each epoch.
warm_start : bool, default False
    Whether `fit` goes on from the weights and the optimiser's state that are there, for `max_iter` more epochs.
momentum : float, default 0.9
nesterovs_momentum : bool, default True
    Of "sgd".
early_stopping : bool, default False
    Whether a share of the rows is split off, whose score decides when to stop and which weights are kept.
validation_fraction : float, default 0.1
    That share.
beta_1, beta_2, epsilon : float, default 0.9, 0.999, 1e-8
    Of "adam".
n_iter_no_change : int or inf, default 10
    Stop after more than so many epochs without an improvement; of schedules that are not scikit-learn's, those
    count that begin when the rate has come down.
max_fun : int, default 15000
    Evaluations of the loss by "lbfgs" at most."""

BEYOND = """\
l1, l2 : float, default 0
    Penalties l1 Σ|W| + ½ l2 ΣW², never divided by anything.
dropout : float or list of float, default 0
    Probability that a hidden unit is dropped in training, for all layers or one by one.
input_dropout : float, default 0
    The same for inputs.
engine : str, default "auto"
    "auto" or a name from `ENGINES`: what computes.
n_threads : int or None
    Threads at most, from 1 to 64; None: the machine's, or what joblib leaves to a task.
callbacks : list of Callback or None
    Called as training goes on.
progress : bool, default False
    Whether to show a progress bar on standard error, or below the cell of a notebook."""

ATTRIBUTES = """\
coefs_ : list of ndarray, shapes (inputs, outputs)
    The weights of each layer. They are live: what is assigned to them, or changed in them, is what the next call
    uses.
intercepts_ : list of ndarray, shapes (outputs,)
    The biases, live as well.
loss_ : float
    The last of `loss_curve_`; NaN where no epoch came to its end.
loss_curve_ : list of float
    The mean loss of each epoch, penalty included.
best_loss_ : float or None
    The least of them; None with `early_stopping`.
validation_loss_curve_ : list of float or None
    The loss of the validation rows after each epoch, without penalty.
validation_scores_, best_validation_score_ : list of float, float, or None
    Their scores, with `early_stopping`.
n_iter_, t_ : int
    Epochs of the last call; rows gone through in all.
n_layers_, n_outputs_ : int
out_activation_ : str
n_features_in_, feature_names_in_
    As in scikit-learn.
network_, parameters_ : Network, Parameters
    The same for `chainrule.forward` and the like."""


def with_parameters(estimator: Estimator) -> Estimator:
    """The class, the words in braces in its docstring replaced by the texts above."""
    texts = {"PARAMETERS": PARAMETERS, "BEYOND": BEYOND, "ATTRIBUTES": ATTRIBUTES}
    for word, text in texts.items():
        estimator.__doc__ = (estimator.__doc__ or "").replace(
            f"{{{word}}}", text.replace("\n", "\n    ")
        )
    return estimator
