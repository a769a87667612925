"""The band of an interval, and the curves of a search."""

from __future__ import annotations

import numpy as np

from chainrule import Network, train
from chainrule.optimizers import LevenbergMarquardt
from chainrule.show.intervals import band


def test_the_band_lies_between_the_ends_in_the_order_of_the_input() -> None:
    x = np.array([[2.0], [0.0], [1.0]])
    mean = np.array([[20.0], [0.0], [10.0]])
    ends = np.stack([mean - 1, mean + 2], axis=2)
    axes = band(x, mean, ends, mean + 0.5, 0.9).axes[0]
    np.testing.assert_array_equal(axes.lines[0].get_xdata(), [0, 1, 2])
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), [0, 10, 20])
    np.testing.assert_array_equal(axes.lines[1].get_ydata(), [0.5, 10.5, 20.5])
    corners = axes.collections[0].get_paths()[0].vertices
    assert {(0.0, -1.0), (2.0, 19.0), (2.0, 22.0)} <= set(map(tuple, corners))


def test_several_inputs_are_drawn_over_the_rows_by_prediction() -> None:
    mean = np.array([[3.0, 0.0], [1.0, 2.0]])
    ends = np.stack([mean - 1, mean + 1], axis=2)
    figure = band(np.ones((2, 4)), mean, ends, None, 0.5)
    assert [axes.get_ylabel() for axes in figure.axes] == ["target 1", "target 2"]
    np.testing.assert_array_equal(figure.axes[0].lines[0].get_ydata(), [1, 3])


def test_the_search_is_drawn_curve_by_curve() -> None:
    net = Network((1, 3, 1), ("tanh", "identity"), "squared_error")
    x = np.linspace(-1, 1, 20)[:, None]
    optimizer = LevenbergMarquardt(regularization="bayes")
    report = train(net, x, np.sin(x[:, 0]), optimizer=optimizer, max_epochs=8)
    axes = {axes.get_ylabel(): axes for axes in report.plot().axes}
    line = axes["effective parameters γ"].lines[0].get_ydata()
    np.testing.assert_allclose(line, report.details["gamma"])
    assert axes["damping λ"].get_yscale() == "log"
