"""Measures: labels and arithmetic, the interval of each reduction against SciPy or by its coverage, choices made inside the bootstrap."""

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from mtrl.harness import Claim, at_least, at_most
from mtrl.harness.judge.claims import Absent, evaluate_claim
from mtrl.harness.judge.measures import (
    FIRST,
    LAST,
    best,
    crossing,
    exact,
    first_crossing,
    log,
    lowest,
    mean,
    near,
    share,
    slope,
    times_faster,
    value,
    worst,
)
from mtrl.harness.judge.perturb import perturbations, turned_by

RNG = np.random.default_rng(3)
TASKS = np.array([1.0, 4.0, 16.0])
DATA = xr.Dataset(
    {
        "regret": (("seed", "method", "tasks"), 5 + RNG.normal(size=(12, 2, 3)) + np.array([[0, -1, -2], [1, 1, 1]])),
        "rate": (("tasks",), TASKS**-0.5),
    },
    coords={"seed": np.arange(12), "method": ["shared", "own"], "tasks": TASKS},
)


class Config:
    tasks = 4.0


def test_labels_ends_lists_and_the_configuration():
    at = value("regret", method="own", tasks=LAST)(DATA, Config)
    assert at.dims == ("seed",) and np.array_equal(at, DATA.regret.values[:, 1, 2])
    assert np.array_equal(value("rate", tasks=FIRST)(DATA, Config), 1.0)
    assert value("regret", method=["own", "shared"])(DATA, Config).sizes["method"] == 2
    assert np.array_equal(value("rate", tasks=lambda config: config.tasks)(DATA, Config), 0.5)
    for absent in (
        value("nothing"),
        value("rate", tasks=7),
        value("rate", method="own"),
        value("regret", method="other"),
    ):
        with pytest.raises(Absent):
            absent(DATA, Config)


def test_times_faster_pairs_the_rounds():
    """Geometric mean of paired ratios, on rounds whose ratio is 3 up to noise; an exact ratio has an interval of no width."""
    seconds = xr.DataArray(
        [[6.0, 15.0, 3.0], [2.0, 5.0, 1.0]], dims=("side", "repeat"), coords={"side": ["slow", "fast"]}
    )
    ratio = times_faster(value("s", side="slow"), value("s", side="fast"))
    assert np.allclose(ratio(xr.Dataset({"s": seconds}), None), 3.0, rtol=1e-12)
    noisy = xr.Dataset({"s": seconds * [[1.0, 1.1, 0.9], [1.0, 1.0, 1.0]]})
    logs = np.log(3 * np.array([1.0, 1.1, 0.9]))
    low, high = stats.t.interval(0.95, 2, logs.mean(), stats.sem(logs))
    assert np.allclose(ratio(noisy, None), np.exp([logs.mean(), low, high]), rtol=1e-12)


def test_times_faster_takes_the_size_where_it_is_least():
    """Of the sizes at which both sides were timed; none is an absence, and sizes of one side alone a mistake."""
    seconds = xr.DataArray(
        [[[6.0, 6.0], [1.0, 2.0]], [[2.0, 2.0], [1.0, 1.0]]],
        dims=("side", "size", "repeat"),
        coords={"side": ["slow", "fast"], "size": [1, 2]},
    )
    both = times_faster(value("s", side="slow"), value("s", side="fast"))
    one, two = both.sides(xr.Dataset({"s": seconds}), None)
    assert (
        one.labels == {"size": 1} and one.ratio.value == pytest.approx(3) and two.ratio.value == pytest.approx(2**0.5)
    )
    assert (one.fast, one.slow) == pytest.approx((2, 6)) and (two.fast, two.slow) == pytest.approx((1, 2**0.5))
    assert both(xr.Dataset({"s": seconds}), None) == (two.ratio.value, two.ratio.low, one.ratio.high)
    lacking = seconds.where((seconds["side"] == "fast") | (seconds["size"] == 1))
    assert both(xr.Dataset({"s": lacking}), None).value == pytest.approx(3)
    with pytest.raises(Absent):
        both(xr.Dataset({"s": seconds.where(seconds["side"] == "fast")}), None)
    with pytest.raises(TypeError, match="same sizes"):
        times_faster(value("s", side="slow", size=1), value("s", side="fast"))(xr.Dataset({"s": seconds}), None)


def test_arithmetic_pairs_seeds_and_mean_is_the_t_interval():
    gap = 2 * log(value("regret", method="shared", tasks=LAST)) - log(value("regret", method="own", tasks=LAST)) / 2 + 1
    a, b = DATA.regret.values[:, 0, 2], DATA.regret.values[:, 1, 2]
    samples = 2 * np.log(a) - np.log(b) / 2 + 1
    low, high = stats.t.interval(0.95, 11, samples.mean(), stats.sem(samples))
    np.testing.assert_allclose(mean(gap)(DATA, Config), (samples.mean(), low, high), rtol=1e-12)


def test_mean_refuses_what_is_not_seeds_alone():
    with pytest.raises(TypeError, match="tasks"):
        mean(value("regret", method="own"))(DATA, Config)
    with pytest.raises(TypeError, match="no seed axis"):
        mean(value("rate", tasks=LAST))(DATA, Config)
    with pytest.raises(TypeError, match="tasks"):
        exact(value("rate"))(DATA, Config)
    assert exact(value("rate", tasks=LAST))(DATA, Config) == (0.25, 0.25, 0.25)


def test_share_is_wilsons():
    held = share(value("regret", method="shared", tasks=LAST) < 3)(DATA, Config)
    count = int((DATA.regret.values[:, 0, 2] < 3).sum())
    ci = stats.binomtest(count, 12).proportion_ci(method="wilson")
    np.testing.assert_allclose(held, (count / 12, ci.low, ci.high))


def test_worst_knows_that_it_was_chosen():
    """20 points of mean 0 and sd 1, 400 seeds: the interval of a point chosen first lies above 0 in most data sets, and that of `worst` covers more
    than the largest true mean 0 only by the bias of a maximum. Over 40 data sets (fixed key) the corrected interval is the wider one every time.
    """
    for i in range(40):
        samples = np.random.default_rng(i).normal(size=(50, 20))
        data = xr.Dataset({"x": (("seed", "point"), samples)})
        chosen = samples[:, samples.mean(0).argmax()]
        found = worst(value("x"))(data, Config)
        assert found.value == pytest.approx(samples.mean(0).max())
        assert found.high > chosen.mean() + 1.5 * chosen.std() / np.sqrt(50)
        np.testing.assert_allclose(best(-value("x"))(data, Config), [-found.value, -found.high, -found.low], rtol=1e-12)


def test_slope_recovers_an_exponent_and_refuses_two_points():
    x = np.array([1.0, 2, 4, 8, 16])
    noise = np.random.default_rng(0).normal(size=(30, 5))
    data = xr.Dataset({"y": (("seed", "x"), 3 * x**-0.7 * np.exp(0.1 * noise))}, coords={"x": x})
    found = slope(value("y"), "x")(data, Config)
    assert found.low < -0.7 < found.high and found.high - found.low < 0.1
    with pytest.raises(Absent):
        slope(value("y"), "x")(data.isel(x=[0, 4]), Config)


def test_lowest_compares_with_the_best_of_the_others_and_knows_of_the_choice():
    few = value("regret", tasks=FIRST)
    means = DATA.regret.isel(tasks=0).mean("seed")
    found = lowest(few, "shared")(DATA, Config)
    assert found.value == pytest.approx(float(means[0] - means[1])) and found.low < found.value < found.high
    along_tasks = lowest(value("regret", method="shared"), 16.0, "tasks")(DATA, Config)
    others = DATA.regret.sel({"method": "shared"}).mean("seed")
    assert along_tasks.value == pytest.approx(float(others[2] - others[:2].min()))
    with pytest.raises(Absent):
        lowest(few, "unknown")(DATA, Config)
    with pytest.raises(Absent, match="beside shared"):
        lowest(value("regret", method=["shared"], tasks=FIRST), "shared")(DATA, Config)


def test_crossing_interpolates_in_logarithms():
    at = np.array([1.0, 10.0, 100.0])
    assert first_crossing(at, np.array([3.0, 1.0, 0.0]), np.array([2.0, 2.0, 2.0])) == pytest.approx(np.sqrt(10))
    assert first_crossing(at, np.array([1.0, 3.0, 3.0]), np.array([2.0, 2.0, 2.0])) == 1.0
    assert first_crossing(at, np.array([3.0, 3.0, 3.0]), np.array([2.0, 2.0, 2.0])) == np.inf
    found = crossing(value("regret", method="shared"), value("regret", method="own"), "tasks", over=2.0)(DATA, Config)
    assert found.value == 0.5 and found.low == 0.5


def test_near_counts_standard_deviations_of_a_run():
    table = {1.0: 5.0, 16.0: 4.0, 99.0: 0.0}
    ours = DATA.regret.sel({"method": "shared", "tasks": [1.0, 16.0]})
    by_hand = np.abs(ours.mean("seed").values - [5.0, 4.0]) / ours.std("seed", ddof=1).values
    found = near(value("regret", method="shared"), table, "tasks")(DATA, Config)
    assert found.value == pytest.approx(by_hand.max()) and found.low <= found.value <= found.high
    known = near(value("regret", method="shared"), table, "tasks", spread={16.0: 0.1})(DATA, Config)
    assert known.value == pytest.approx(abs(float(ours.mean("seed")[1]) - 4.0) / 0.1)
    with pytest.raises(Absent):
        near(value("regret", method="shared"), {7.0: 1.0}, "tasks")(DATA, Config)


def test_nan_is_undecided_and_absent_does_not_apply():
    nan = DATA.assign(regret=DATA.regret * np.nan)
    for measure in (worst(value("regret")), mean(value("regret", method="own", tasks=LAST))):
        record = evaluate_claim(Claim("x", "y", measure, at_least(-1e9)), nan, Config)
        assert record is not None and record["verdict"] == "undecided"
    assert evaluate_claim(Claim("x", "y", mean(value("other")), at_least(0)), DATA, Config) is None


def test_perturbations_turn_a_claim_that_says_something_and_not_one_that_does_not():
    gap = mean(value("regret", method="shared", tasks=LAST) - value("regret", method="own", tasks=LAST))
    names = [name for name, _ in perturbations(DATA)]
    assert {"method reversed", "tasks reversed", "regret x 2", "a seed of regret an outlier", "NaN"} <= set(names)
    turning = turned_by(Claim("falls", "", gap, at_most(0.0)), DATA, Config)
    level = DATA.assign(regret=DATA.regret * 0 + 5 + DATA.regret.isel(tasks=0, method=0))
    order = mean(value("regret", method="own", tasks=LAST) - value("regret", method="own", tasks=FIRST))
    assert "first tasks x 2" in turned_by(Claim("level", "", order, at_least(0.0)), level, Config)
    far = Claim(
        "ten times",
        "",
        mean(value("regret", method="own", tasks=LAST) / value("regret", method="shared", tasks=LAST)),
        at_least(10.0),
    )
    assert "shared / 10" in turned_by(far, DATA, Config), (
        "a claim that is missed by far is met if one side is ten times better"
    )
    assert "shared / 10" not in turning, "what is reproduced must be turned by less"
    hidden = DATA.assign(
        regret=DATA.regret * 0 + RNG.normal(size=(12, 1, 1)) * [[-1], [1]]
    )  # two sides alike but for spread
    alike = turned_by(Claim("less", "", gap, at_most(0.0)), hidden, Config)
    assert {"own raised", "shared raised"} <= set(alike) and "shared / 10" not in alike, (
        "spread hides all that scales it"
    )
    assert not any("raised" in name for name in turning)
    assert "method reversed" in turning and any("exchanged" in name for name in turning)
    assert turned_by(
        Claim("a square", "", mean(value("regret", method="own", tasks=LAST) * 0 + 1), at_least(0.0)), DATA, Config
    ) == ["NaN"]


def test_every_perturbation_changes_the_data_and_outliers_are_gross():
    """Of a dimension with one label nothing is reversed; an outlier is a hundred times the largest size away, also where all values are negative."""
    data = -abs(DATA.isel(method=[0])).assign(regret=abs(DATA.regret.isel(method=[0])) + 1)
    for name, changed in perturbations(data):
        assert not changed.equals(data), name
        if (what := name.partition(" of ")[2].removesuffix(" an outlier")) in data:
            moved = abs(changed[what] - data[what])
            assert (
                int((moved > 0).sum()) in (1, data[what].size // 12) and moved.max() >= 100 * abs(data[what]).max()
            ), name


def test_a_claim_of_unknown_kind_is_a_mistake_of_the_study():
    with pytest.raises(TypeError, match="kind"):
        Claim("x", "y", mean(value("regret")), at_least(0), kind="hope")
