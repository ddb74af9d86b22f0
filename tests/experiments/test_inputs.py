"""What a run reads from files is part of its cells' names, whatever field names the place."""

import dataclasses
import re
import typing

import pytest

from mtrl.harness.config import path_fields, replace, rules_of
from mtrl.harness.gallery import Registry

FIGURES = [figure for study in Registry("experiments").studies() for figure in study.figures]
PLACE = re.compile(r"\b(folder|file|path|directory)\b")


@pytest.mark.parametrize("config", dict.fromkeys(figure.config for figure in FIGURES))
def test_a_field_that_names_a_place_says_so(config):
    kinds = typing.get_type_hints(config)
    places = {
        item.name
        for item in dataclasses.fields(config)
        if kinds[item.name] is str
        and not rules_of(item)["choices"]
        and (PLACE.search(rules_of(item)["help"]) or re.search("(_dir|_file|_path)$", item.name))
    }
    assert places - {"target_task"} <= set(path_fields(config)), (
        "field(..., path=True) makes its contents part of the cell"
    )


@pytest.mark.parametrize("figure", [figure for figure in FIGURES if path_fields(figure.config)], ids=lambda f: f.name)
def test_what_lies_in_that_place_is_an_input(tmp_path, figure):
    fields = path_fields(figure.config)  # set together, since some go in pairs
    for field in fields:
        (tmp_path / field).mkdir()
        for name in ("ETTh1.csv", "other.npz"):
            (tmp_path / field / name).write_text("")
    read = figure.reads(replace(figure.config(), **{field: str(tmp_path / field) for field in fields}))
    assert {tmp_path / field / "ETTh1.csv" for field in fields} <= set(read)
