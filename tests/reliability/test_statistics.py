"""How often the statistical tests would fail by chance, and whether they see a simulation that is 5 % off."""

import ast
import json
import re

import pytest
from scipy import stats

from tests.reliability.conftest import ROOT, suite

pytestmark = pytest.mark.reliability
WORDS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "ten": 10}
STATISTICAL = re.compile(r"assert_mean\(|assert_below\(|alarm|\bstandard errors\b|\bsigmas\b")


def statistical_tests():
    """nodeid -> source, of every test that compares random numbers with an expectation."""
    found = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        if {"reliability", "judge", "experiments"} & set(path.parts):
            continue
        source = path.read_text()
        for node in ast.parse(source).body:
            text = ast.get_source_segment(source, node) or ""
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and STATISTICAL.search(text):
                found[f"{path.relative_to(ROOT)}::{node.name}"] = text
    return found


def written_rate(text):
    """The false-alarm rate that a test writes down, as a number or as a distance in standard errors; None where there is neither."""
    if found := re.search(r"alarms?\b[^.;]*?(\d+(?:\.\d+)?(?:e-?\d+)?) ?(%?)", text.replace("10^-", "1e-")):
        return float(found[1]) / (100 if found[2] else 1)
    if found := re.search(r"(\d+(?:\.\d+)?|" + "|".join(WORDS) + r")\s+(?:standard errors?|sigma)\b", text):
        sigmas = WORDS.get(found[1]) or float(found[1])
        return 2 * float(stats.norm.sf(sigmas))
    return None


def test_false_alarms_and_planted_bias(tmp_path, say):
    """Every statistical test states its rate or goes through a helper that computes it; their sum bounds the chance that a right implementation fails any on
    fresh keys. One test of every wing, with its simulation multiplied by 1.05, fails."""
    tests = statistical_tests()
    helped = {name for name, text in tests.items() if re.search(r"assert_mean\(|assert_below\(", text)}
    written = {name: written_rate(text) for name, text in tests.items() if name not in helped}
    silent = [name for name, rate in written.items() if rate is None]
    assert not silent, f"no false-alarm rate: {silent}"
    place = tmp_path / "statistics.json"
    passed, failed, words = suite(*sorted(helped), STATISTICS=str(place))
    assert not failed and passed >= len(helped), words
    seen = json.loads(place.read_text())
    means = [s for s in seen if s["kind"] == "mean"]
    orderings = [s for s in seen if s["kind"] == "ordering"]
    total = sum(s["rate"] for s in means) + sum(written.values())
    say(
        f"family-wise false-alarm rate of {len(means)} means in {len({s['test'] for s in means})} tests and {len(written)} tests with a written "
        f"rate: at most {total:.2g} (the largest: {max(written.values()):.2g} written, {max(s['rate'] for s in means):.1g} computed)"
    )
    say(
        f"{len(orderings)} orderings would fail on fresh keys with an estimated {sum(s['rate'] for s in orderings):.2g} in sum"
    )
    able = [s for s in means if s["sees_bias"] is not None]
    say(
        f"{sum(s['sees_bias'] for s in able)} of {len(able)} means with an expectation that is not 0 see a simulation 5 % too large"
    )
    chosen = {}
    for s in able:
        if s["sees_bias"]:
            chosen.setdefault(s["test"].split("/")[1], s["test"])
    _, failed, words = suite(*chosen.values(), PLANTED_BIAS="1.05")
    missed = set(chosen.values()) - set(failed)
    assert not missed, f"5 % too large and not caught: {missed}; {words}"
    say(f"planted in one test of each of {len(chosen)} wings ({', '.join(sorted(chosen))}): caught in all")
