"""Validation of configurations: one sentence per kind of bad input."""

import pytest

from mtrl.harness.config import BaseConfig, as_dict, check, field, from_dict, parse_value, replace
from mtrl.numerics.errors import BadInput


class Example(BaseConfig):
    """All kinds of fields."""

    ratios: tuple[float, ...] = field((0.5, 1.5), help="ratios", lower=0.0, strict=True)
    method: str = field("exact", help="method", choices=("exact", "plain"))
    angle: float = field(0.1, help="angle", lower=-1, upper=1, unit="rad")
    pair: tuple[int, ...] = field((1, 2), help="pair", length=2)
    flag: bool = field(False, help="flag")

    def validate(self):
        if self.flag and self.method == "plain":
            raise BadInput("flag needs method=exact, but got plain; drop one of them")


@pytest.mark.parametrize(
    "changes, words",
    [
        (dict(angle=2.0), r"angle got 2.0 rad, but must be at least -1 and at most 1 rad"),
        (dict(angle=float("nan")), "finite"),
        (dict(angle="x"), "takes a number"),
        (dict(ratios=(1.0, 0.0)), "more than 0"),
        (dict(ratios=()), "at least one"),
        (dict(method="exat"), "did you mean exact"),
        (dict(seeds=0), "at least 1"),
        (dict(seeds=2.5), "whole number"),
        (dict(seeds=True), "whole number"),
        (dict(seeds=20, seed_batch=3), "does not divide"),
        (dict(pair=(1,)), "exactly 2"),
        (dict(flag=True, method="plain"), "flag needs method=exact"),
        (dict(flag=1), "true or false"),
        (dict(method=3), "takes text"),
        (dict(ratio=(1.0,)), "did you mean ratios"),
    ],
)
def test_bad_values(changes, words):
    with pytest.raises(BadInput, match=words) as caught:
        replace(Example(), **changes)
    assert "\n" not in str(caught.value)


def test_round_trip():
    config = Example(ratios=(0.25,), angle=-1.0)
    check(config)
    assert from_dict(Example, as_dict(config)) == config


def test_stored_configuration_of_another_shape():
    values = as_dict(Example())
    del values["angle"]
    with pytest.raises(BadInput, match="angle"):
        from_dict(Example, values)


@pytest.mark.parametrize(
    "kind, text, value",
    [(int, "3", 3), (bool, "true", True), (tuple[float, ...], "1, 2.5", (1.0, 2.5)), (str, "a", "a")],
)
def test_parse(kind, text, value):
    assert parse_value("x", kind, text) == value


@pytest.mark.parametrize(
    "kind, text", [(int, "1.5"), (float, "one"), (bool, "maybe"), (tuple[int, ...], ""), (tuple[int, ...], "1,,2")]
)
def test_parse_refuses(kind, text):
    with pytest.raises(BadInput, match="--x got"):
        parse_value("x", kind, text)


def test_at_most_refuses_more_than_another_field():
    class Ranked(BaseConfig):
        rank: int = field(2, help="subspace dimension k", at_most="dim")
        dim: tuple[int, ...] = field((5, 4), help="dimension d")

    assert replace(Ranked(), rank=4).rank == 4
    with pytest.raises(BadInput, match="rank got 5, but must be at most dim=4; lower it or raise dim"):
        replace(Ranked(), rank=5)
