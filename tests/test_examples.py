"""The examples in the packages' docstrings, each run as a reader would copy it: alone, in 64 bits."""

import doctest
import importlib
import pkgutil

import pytest

import mtrl

WINGS = (
    "bandits", "continual", "data", "descent", "forecasting", "mdp", "nn", "optimization", "random_matrix", "representation",
)  # fmt: skip
PACKAGES = [module.name for module in pkgutil.walk_packages(mtrl.__path__, "mtrl.") if module.ispkg]


def examples(name):
    """The docstring of a package as one doctest in an empty namespace."""
    return doctest.DocTestParser().get_doctest(importlib.import_module(name).__doc__ or "", {}, name, None, 0)


@pytest.mark.parametrize("name", ["mtrl", *PACKAGES])
def test_example_runs(name):
    said = []
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    found = runner.run(examples(name), out=said.append, clear_globs=True)
    assert found.failed == 0, "".join(said)


@pytest.mark.parametrize("wing", WINGS)
def test_every_wing_has_an_example(wing):
    assert any(examples(name).examples for name in PACKAGES if f"{name}.".startswith(f"mtrl.{wing}."))


@pytest.mark.parametrize("name", PACKAGES)
def test_faces_list_what_they_have(name):
    """`__all__` names no ghost and nothing twice."""
    package = importlib.import_module(name)
    listed = getattr(package, "__all__", ())
    assert len(set(listed)) == len(listed)
    assert not [entry for entry in listed if not hasattr(package, entry)]
