"""What a figure takes from its file, and a study's own mistakes."""

import dataclasses
import sys
import types

import pytest

from mtrl.harness import BadInput, BaseConfig, Figure, field
from mtrl.harness.config import replace


@pytest.fixture
def room(monkeypatch):
    """A figure's file, its module ready to be filled."""
    module = types.ModuleType("house.studies.angles")
    monkeypatch.setitem(sys.modules, module.__name__, module)

    class AnglesConfig(BaseConfig):
        """Defined in that file."""

        angle: float = field(0.5, help="angle", lower=0.0)

    AnglesConfig.__module__ = module.__name__
    module.AnglesConfig, module.Imported = AnglesConfig, type("Imported", (BaseConfig,), {"__module__": "house.other"})
    module.run, module.draw = (lambda config, seeds: "found"), (lambda data, config: "drawn")
    return module


def test_configurations_are_frozen_dataclasses_by_inheritance():
    class Grown(BaseConfig):
        """Nothing else is said."""

        ranks: tuple[int, ...] = field((1, 2), help="ranks", lower=1)

    assert [item.name for item in dataclasses.fields(Grown)][-1] == "ranks" and Grown(seeds=3) == Grown(seeds=3)
    with pytest.raises(dataclasses.FrozenInstanceError):
        Grown().ranks = (3,)  # pyright: ignore[reportAttributeAccessIssue]


def test_a_figure_takes_from_its_file_what_is_not_given(room):
    figure = Figure(room.__name__, title="Angles")
    assert (figure.name, figure.config, figure.run, figure.draw) == ("angles", room.AnglesConfig, room.run, room.draw)
    other = Figure(room.__name__, name="large", title="Angles", draw=print)
    assert (other.name, other.draw, other.run) == ("large", print, room.run)
    assert dataclasses.replace(other, version=2).draw is print


def test_a_file_without_the_parts_is_refused(room):
    room.Second = type("Second", (BaseConfig,), {"__module__": room.__name__})
    with pytest.raises(TypeError, match="several configurations .AnglesConfig, Second.; give config="):
        Figure(room.__name__, title="Angles")
    assert Figure(room.__name__, title="Angles", config=room.Second).config is room.Second
    del room.draw
    with pytest.raises(
        TypeError, match="figure angles: no function `draw` was given or stands in the module 'house.studies.angles'"
    ):
        Figure(room.__name__, title="Angles", config=room.Second)


def test_inherited_fields_take_other_defaults_by_keyword():
    class Parent(BaseConfig):
        """A field with a rule."""

        ranks: tuple[int, ...] = field((1, 2), help="ranks k", lower=1)

    class Child(Parent, seeds=3, ranks=(4,)):
        """Other defaults."""

    assert (Child().seeds, Child().ranks, Parent().ranks) == (3, (4,), (1, 2))
    assert [item.name for item in dataclasses.fields(Child)] == [item.name for item in dataclasses.fields(Parent)]
    with pytest.raises(BadInput, match="ranks got 0, but must be at least 1"):
        replace(Child(), ranks=(0,))
    with pytest.raises(BadInput, match="seeds got 2000000, but must be at most 1000000"):
        replace(Child(), seeds=2_000_000)
    with pytest.raises(TypeError, match="Odd inherits no field rank; declare it in the class"):

        class Odd(Parent, rank=3):
            """Misspelt."""
