"""Verdicts follow the interval; the intervals cover at their stated rate."""

import dataclasses
import json
import warnings

import numpy as np
import pytest

from mtrl.harness.judge.claims import (
    KINDS,
    Claim,
    Interval,
    at_least,
    at_most,
    between,
    evaluate_claim,
    exact,
    mean_interval,
    proportion_interval,
    verdict,
)
from mtrl.harness.run import carry
from mtrl.harness.run.produce import Job
from tests.harness import tiny
from tests.helpers import assert_close


@pytest.mark.parametrize(
    "interval, region, expected",
    [
        (Interval(1, 0.5, 1.5), at_least(0.4), "reproduced"),
        (Interval(1, 0.5, 1.5), at_least(2.0), "not reproduced"),
        (Interval(1, 0.5, 1.5), at_most(1.0), "undecided"),
        (Interval(1, 0.5, 1.5), between(0, 2), "reproduced"),
        (Interval(1, -np.inf, np.inf), between(0, 2), "undecided"),
        (Interval(1, 0.5, 2.0), at_least(2.0), "undecided"),
        (Interval(3, 2.0, 3.5), at_most(2.0), "undecided"),
        (Interval(np.nan, np.nan, np.nan), between(0, 2), "undecided"),
        (Interval(5, 4, np.nan), at_most(2.0), "undecided"),
        (Interval(-5, np.nan, -4), at_least(2.0), "undecided"),
        (exact(2.0), between(0, 2), "reproduced"),
        (exact(2.1), between(0, 2), "not reproduced"),
    ],
)
def test_verdict(interval, region, expected):
    assert verdict(interval, region) == expected


def test_mean_interval_is_students():
    """n=4, mean 2.5, sd 1.29099: half width 3.18245 * sd / 2."""
    value, low, high = mean_interval([1.0, 2.0, 3.0, 4.0])
    assert_close("t interval", np.array([value, low, high]), [2.5, 0.445739743, 4.554260257], rtol=1e-8)
    assert mean_interval([1.0]) == Interval(1.0, -np.inf, np.inf)
    with warnings.catch_warnings(action="error"):  # runs that never escape are ordinary data
        endless = mean_interval([1.0, np.inf])
    assert endless.value == np.inf and np.isnan(endless.low) and np.isnan(endless.high)
    assert verdict(endless, at_least(0.0)) == verdict(endless, at_most(0.0)) == "undecided"


def test_coverage():
    """95% intervals over 2000 sets of 5 normal draws; outside 0.93..0.97 has probability below 1e-4 for correct code."""
    draws = np.random.default_rng(0).normal(size=(2000, 5))
    covered = np.mean([mean_interval(row).low <= 0 <= mean_interval(row).high for row in draws])
    assert 0.93 < covered < 0.97


def test_proportion_interval():
    value, low, high = proportion_interval(8, 10)
    assert_close("Wilson", np.array([value, low, high]), [0.8, 0.49016, 0.94332], rtol=1e-4)


def test_record_is_json():
    claim = Claim(
        "text", "Table 1", lambda data: Interval(1.0, -np.inf, 2.0), at_most(3.0), note="why",
        kind="derived", unit="m", value=2.0, reason="rounding", stand_in=True,
    )  # fmt: skip
    record = json.loads(json.dumps(evaluate_claim(claim, None), allow_nan=False))
    assert record == {
        "claim": "text", "kind": "derived", "paper": "Table 1", "ours": 1.0, "interval": [None, 2.0], "accepts": "at most 3",
        "verdict": "reproduced", "unit": "m", "value": 2.0, "reason": "rounding", "stand_in": True, "note": "why",
    }  # fmt: skip


def test_a_kind_is_a_constructor_and_a_region_carries_its_reason():
    one = (lambda data: exact(1.0), at_most(3.0, "rounding"))
    for kind in KINDS[1:]:
        record = evaluate_claim(getattr(Claim, kind)("text", "Table 1", *one, unit="m"), None)
        assert record is not None
        assert (record["kind"], record["reason"], record["unit"]) == (kind, "rounding", "m")
    assert Claim("text", "Table 1", *one, reason="half a digit").reason == "half a digit"
    assert list(between(1.0, 2.0, "why")) == [1.0, 2.0]


def test_a_claim_about_other_data_is_left_out(tmp_path):
    """A claim about a named benchmark is not judged on a stand-in."""
    elsewhere = dataclasses.replace(
        tiny.MEAN.claims[0], text="on the benchmark", applies=lambda data: "nowhere" in data
    )
    figure = dataclasses.replace(tiny.MEAN, claims=(*tiny.MEAN.claims, elsewhere))
    job = Job(tiny.STUDY, figure, figure.configure("smoke", {}), tmp_path)
    ((_, judged),) = carry.make_all([job])
    assert [record["claim"] for record in judged] == [claim.text for claim in tiny.MEAN.claims]


def test_a_claim_of_being_faster_states_its_goal():
    five, any_ = (Claim.faster("ours", goal, lambda data, config: Interval(4.0, 3.0, 4.5)) for goal in (5.0, 1.0))
    assert (five.kind, five.paper, five.unit) == ("speed", "goal: 5", "times") and any_.paper == "goal: faster"
    records = [evaluate_claim(claim, None) for claim in (five, any_)]
    assert [record and record["verdict"] for record in records] == ["not reproduced", "reproduced"]
