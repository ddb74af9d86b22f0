"""The command that times seeds at once: it sees every program, changes no result, and its table says what was timed."""

import json
import time

import numpy as np
import pytest

from mtrl.harness import driver, lanes, simulation
from mtrl.harness.gallery import lanes_table
from mtrl.harness.gallery.site import write_site
from tests import lanes as command
from tests.harness import tiny
from tests.harness.gallery.test_site import made
from tests.helpers import assert_close


def quiet(line):
    """Says nothing."""


def timed(figure, budget=60.0, **smaller):
    config = figure.configure("quick", smaller)
    return command.timed(tiny.STUDY, figure, config, budget, quiet)


def test_every_program_of_a_figure_is_timed_at_every_width(monkeypatch):
    monkeypatch.setattr(command, "MOST", 3)
    found = timed(tiny.BANDIT, seeds=12, rounds=5)
    assert found["ended"] == "" and found["left"] == [] and found["figure"] == "bandit"
    (row,) = found["programs"]
    assert row["program"].startswith("greedy") and "rounds=5" in row["program"]
    assert row["lanes"] == {"in turn": 0, "1": 1, "2": 2, "4": 4, "8": lanes.width(8, 12), "all": 12}
    assert (row["seeds"], row["figure_seeds"], row["asks"], row["today"]) == (12, 12, "all", "all")
    assert row["auto"] == "all" and row["fitting"] == 12
    assert all(len(times) == 3 and min(times) > 0 for times in row["seconds"].values())
    assert set(row["seconds"]) == set(row["lanes"]) == set(row["temporary_bytes"])


def test_widths_that_are_equal_are_timed_once_and_auto_has_its_own(monkeypatch):
    monkeypatch.setattr(command, "MOST", 3)
    monkeypatch.setattr(lanes, "MEMORY", 1)
    row = timed(tiny.MEAN, seeds=3)["programs"][0]
    assert row["lanes"] == {"in turn": 0, "1": 1, "all": 3} and row["auto"] == "1", "blocks of 2 are uneven: 1 at once"
    given = driver.seed_keys(range(20)), (), driver._traced((1.0,))
    first, _ = command.measured(tiny.mean_of_draws, {"n": 7}, given, "in turn")
    monkeypatch.setattr(lanes, "MEMORY", 10 * first["seed_bytes"])
    row, result = command.measured(tiny.mean_of_draws, {"n": 7}, given, "auto")
    assert row["lanes"] == {"in turn": 0, "1": 1, "2": 2, "4": 4, "8": 5, "all": 20}
    assert row["auto"] == row["today"] == "8" and set(row["seconds"]) == set(row["lanes"])
    assert first["auto"] == "1" and first["today"] == "in turn"
    assert_close("results", result, driver.over_seeds(tiny.mean_of_draws, range(20), 1.0, n=7), rtol=1e-12)


def test_a_figure_under_the_bench_gets_the_driver_s_numbers(monkeypatch):
    monkeypatch.setattr(command, "MOST", 3)
    config, seeds = tiny.BANDIT.configure("quick", dict(seeds=5, rounds=4)), np.arange(5)
    bench, before = command.Bench(60.0, quiet), driver.over_seeds
    with command.standing_in(bench):
        ours = tiny.BANDIT.run(config, seeds)
    assert driver.over_seeds is simulation.over_seeds is before
    assert_close("rewards", ours["reward"].values, tiny.BANDIT.run(config, seeds)["reward"].values, rtol=1e-12)
    assert len(bench.rows) == 1


def test_long_programs_run_fewer_seeds_and_repeat_their_results(monkeypatch):
    monkeypatch.setattr(command, "MOST", 3)
    monkeypatch.setattr(command, "SHORT", 0.0)
    given = driver.seed_keys(range(40)), (np.arange(40.0),), driver._traced((1.0,))
    moved = lambda key, own, scale: own + tiny.mean_of_draws(key, scale, n=2)  # noqa: E731
    row, result = command.measured(moved, {}, given, "all")
    assert (row["seeds"], row["figure_seeds"]) == (command.SOME, 40) and result.shape == (40,)
    assert_close("the first sixteen again", result[16:32], result[:16], rtol=0)
    monkeypatch.setattr(command, "LONG", 0.0)
    row, _ = command.measured(moved, {}, given, "all")
    assert row["seeds"] == command.FEW and row["lanes"] == {"in turn": 0, "1": 1, "2": 2, "all": 4}


def test_what_comes_after_the_budget_is_counted():
    found = timed(tiny.MEAN, budget=-1.0, seeds=3)
    assert found["programs"] == [] and found["left"] == ["mean_of_draws (n=16)"], "of the last cell alone"


def test_calls_are_timed_in_turn():
    order = []
    found = command.interleaved({"a": lambda: order.append("a"), "b": lambda: order.append("b") or _busy(0.03)})
    assert order[:2] == ["a", "b"], "one uncounted round"
    assert [x for x, y in zip(order[2:], [*order[3:], ""], strict=True) if x != y] == ["a", "b"] * len(found["a"])
    assert found["b"] == pytest.approx(np.full(len(found["b"]), 0.03), rel=0.5) and max(found["a"]) < 0.01


def _busy(seconds):
    began = time.process_time()
    while time.process_time() - began < seconds:
        pass


def stored(seconds, **changes):
    row = {"program": "p (n=1)", "asks": "all", "figure_seeds": 40, "seeds": 16, "seed_bytes": 2**19, "fitting": 2}
    row |= {"auto": "2", "today": "all", "temporary_bytes": {"2": 2**20, "all": 2**23}, "seconds": seconds}
    return row | changes


def test_a_row_compares_within_rounds():
    slow = [2.0, 4.0, 8.0]  # the machine slows down from round to round, and all widths alike
    row = lanes_table.row(stored({"in turn": [3.0, 6.0, 12.0], "2": [2.2, 4.4, 8.8], "all": slow}))
    assert (row.fastest, row.best, row.mebibytes, row.peak) == ("all", pytest.approx(4.0), 0.5, 8.0)
    assert row.widths == (pytest.approx(1.5), None, pytest.approx(1.1), None, None, pytest.approx(1.0))
    assert tuple(row.auto_ratio) == pytest.approx((1.1, 1.1, 1.1)) and row.auto_within == row.today_within == "within"
    noisy = lanes_table.row(stored({"2": [2.2, 4.4, 12.0], "all": slow}))
    assert noisy.auto_within == "undecided" and noisy.auto_ratio.low < 1.15 < noisy.auto_ratio.high
    assert lanes_table.row(stored({"2": [2.4, 4.8, 9.6], "all": slow})).auto_within == "slower"


def test_the_page_shows_the_table_where_it_was_made(tmp_path):
    gallery = made(tmp_path)
    write_site(gallery, [tiny.STUDY])
    assert 'id="lanes"' not in (gallery / "speed.html").read_text()
    figure = {
        "study": "tiny",
        "figure": "bandit",
        "left": ["q"],
        "smaller": {"rounds": 5},
        "ended": "",
        "date": "2026-01-02",
    }
    programs = [stored({"2": [2.4, 4.8, 9.6], "all": [2.0, 4.0, 8.0]})]
    kept = {
        "figures": [figure | {"programs": programs}],
        "notes": ["Why it is slower: <reasons>."],
        "listed": ["tiny/bandit", "tiny/mean"],
    }
    (gallery / "lanes.json").write_text(json.dumps(kept))
    write_site(gallery, [tiny.STUDY])
    page = (gallery / "speed.html").read_text()
    assert "within 0 of 1" not in page and "for 0 of 1 programs, slower for 1" in " ".join(page.split())
    for words in (
        "p (n=1)",
        "16 of 40",
        "rounds=5",
        "1 of its programs not timed",
        "Why it is slower: &lt;reasons&gt;",
        "not timed yet: tiny/mean.",
        "2026-01-02",
    ):
        assert words in page, words
    assert 'href="tiny/index.html#bandit"' in page and "1.20" in page
