"""Plots: what is drawn is the mean over seeds with its interval, words come from the labels, theory says when it is scaled."""

import matplotlib
import numpy as np
import pytest
from scipy import stats

matplotlib.use("Agg")

from mtrl.harness import Axis, dataset
from mtrl.harness.picture import plots, style

M = [1, 4, 16]
SAMPLES = np.random.default_rng(0).normal(5, 1, (8, 2, 3))
DATA = dataset(
    range(8),
    {"method": ["shared", "own"], "tasks": Axis(M, "", "number of tasks M")},
    total=(("seed", "method", "tasks"), SAMPLES, "reward", "regret per task"),
    rate=(("method", "tasks"), np.array([[4.0, 2, 1], [8.0, 8, 8]]), "reward"),
)
LOOK = plots.looks({"shared": "shared B", "own": "per task"})


@pytest.fixture
def ax():
    return plots.panel()[1][0, 0]


def test_points_are_means_with_their_interval(ax):
    plots.points(ax, DATA.total, "tasks", "method", LOOK)
    line, _, (bar,) = ax.containers[1]
    np.testing.assert_allclose(line.get_ydata(), SAMPLES[:, 1].mean(0))
    ends = np.array([segment[:, 1] for segment in bar.get_segments()])
    np.testing.assert_allclose(np.diff(ends, axis=1)[:, 0] / 2, style.half_width(SAMPLES[:, 1]))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("number of tasks M", "regret per task [reward]")
    assert ax.get_legend_handles_labels()[1] == ["shared B", "per task"]
    assert line.get_color() == LOOK["own"].color


def test_a_label_without_a_look_is_left_out(ax):
    plots.curves(ax, DATA.total, "tasks", "method", {"own": LOOK["own"]})
    assert len(ax.lines) == 1 and np.allclose(ax.lines[0].get_ydata(), SAMPLES[:, 1].mean(0))


def test_scaled_theory_says_so(ax):
    plots.theory(ax, DATA.rate, "tasks", "method", LOOK, scaled=DATA.total)
    for i, line in enumerate(ax.lines):
        assert line.get_ydata()[0] == pytest.approx(SAMPLES[:, i, 0].mean())
        assert "scaled at the first point" in line.get_label()
        assert line.get_marker() == "None"


def test_bars_heat_paths_and_marks(ax):
    plots.bars(ax, DATA.total.isel(tasks=0), "method", LOOK)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["shared B", "per task"]
    other = plots.panel(1, 3)[1][0]
    image = plots.heat(other[0], DATA.total, "tasks", "method", write="{:.1f}".format)
    np.testing.assert_allclose(image.get_array(), SAMPLES.mean(0))
    assert [t.get_text() for t in other[0].texts][0] == f"{SAMPLES[:, 0, 0].mean():.1f}"
    plots.paths(other[1], DATA.total.isel(method=0), "tasks", most=5)
    assert len(other[1].lines) == 5
    plots.reported(other[2], {1: 2.0}, "paper's Table 1")
    plots.program(other[2], {1: 2.5}, "released script")
    plots.level(other[2], 3.0, "limit")
    plots.finish(other[2], x="M", y="regret", log="xy", ticks=M, title="t")
    assert other[2].lines[0].get_markerfacecolor() == "none" and other[2].lines[1].get_marker() == "x"
    assert (other[2].get_xscale(), other[2].get_yscale(), other[2].get_xlabel()) == ("log", "log", "M")
    assert [t.get_text() for t in other[2].get_legend().get_texts()] == ["paper's Table 1", "released script", "limit"]


def test_a_share_has_wilsons_interval(ax):
    held = dataset(range(10), {"n": [1, 2]}, found=(("n", "seed"), [[1.0] * 10, [1.0] * 4 + [0.0] * 6]))
    plots.points(ax, held["found"], "n", share=True)
    (line, _, (bars,)) = ax.containers[0]
    np.testing.assert_allclose(line.get_ydata(), [1.0, 0.4])
    for segment, k in zip(bars.get_segments(), (10, 4), strict=True):
        expected = stats.binomtest(k, 10).proportion_ci(method="wilson")
        np.testing.assert_allclose(segment[:, 1], [expected.low, expected.high], atol=1e-12)


def test_zero_and_logarithms_share_an_axis_without_a_kink(ax):
    x = np.concatenate([[0.0], np.geomspace(1e-3, 100, 400)])
    ax.plot(x, x)
    plots.zero_and_logs(ax, "x", 0.1)
    assert [t.get_text() for t in ax.get_xticklabels()] == ["0", "0.1", "1", "10", "100"]
    place = ax.transData.transform(np.column_stack([x, x]))[:, 0]
    steps = np.diff(place) / np.diff(x)
    bend = np.abs(np.diff(np.log(steps)))
    assert bend.max() < 0.05, "the slope of the axis changes gradually everywhere"
    plots.zero_and_logs(ax, "y", 1.0, (0, 5, 50))
    assert [t.get_text() for t in ax.get_yticklabels()] == ["0", "5", "50"]


def test_curves_are_ordered_and_named_by_their_ends():
    shown, looks = plots.with_ends(DATA.total, "tasks", "method", LOOK)
    ends = dict(zip(("shared", "own"), SAMPLES[:, :, -1].mean(0), strict=True))
    order = sorted(ends, key=lambda name: -ends[name])
    assert list(shown["method"].values) == order == list(looks)
    assert looks["own"].words == f"per task: {ends['own']:.3g}" and looks["own"].color == LOOK["own"].color


def test_one_legend_has_each_name_once():
    figure, axes = plots.panel(1, 2)
    for ax in axes[0]:
        plots.curves(ax, DATA.total, "tasks", "method", LOOK)
    plots.legend_below(figure, axes[0])
    (legend,) = figure.legends
    assert [t.get_text() for t in legend.get_texts()] == ["shared B", "per task"]
