"""Cells are named by the definitions that decide their bytes: an edit of one of them counts, an edit of anything else does not."""

import pathlib
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from experiments.linear_representation import STUDY as LINEAR
from experiments.rmt_regression import STUDY as RIDGE
from mtrl.harness.run import engine, reach, sources


def test_drawing_and_judging_decide_no_cell():
    figure = RIDGE.figures[0]
    deciding = {name for name, _ in sources.computing(figure).found}
    drawing = {name for name, _ in sources.drawing(figure, RIDGE.module).found}
    for part in ("driver", "simulation", "lanes", "run.engine", "run.store"):
        assert f"mtrl.harness.{part}" in deciding
    for part in ("picture.style", "judge.claims"):
        assert f"mtrl.harness.{part}" in drawing - deciding
    for part in ("gallery.publish", "flags", "run.carry", "run.sources"):
        assert f"mtrl.harness.{part}" not in deciding | drawing


FILES = {
    "mtrl/__init__.py": "",
    "mtrl/numerics.py": "def log(x):\n    return x\ndef exp(x):\n    return x\n",
    "mtrl/wing/__init__.py": "from mtrl.wing.ridge import fit\nfrom mtrl.wing import other\n__all__ = ['fit', 'other']\n",
    "mtrl/wing/ridge.py": "from mtrl.numerics import log\nSCALE = 2\ndef fit(x):\n    'Words.'\n    return SCALE * log(x)  # comment\n"
    "def unused(x):\n    return x\nregister(fit)\n",
    "mtrl/wing/other.py": "def solve(x):\n    return x\n",
    "mtrl/wing/late.py": "def call(x):\n    return x\n",
    "mtrl/harness/run/store.py": "def write():\n    return 1\n",
    "mtrl/harness/picture/plots.py": "def lines():\n    return 1\n",
    "experiments/mine/protocol.py": "from mtrl import wing as w\nfrom mtrl.harness.picture import plots\n"
    "def base(x):\n    return w.fit(x)\ndef shown(x):\n    return plots.lines()\n"
    "def inner(x):\n    from mtrl.wing.late import call\n    return call(x)\nTABLE = {}\nTABLE['a'] = 1\n",
    "experiments/mine/figure.py": "from experiments.mine import protocol\nfrom experiments.mine.protocol import TABLE\n"
    "class Config:\n    def sized(self):\n        return protocol.inner(TABLE)\ndef run(config):\n    return protocol.base(config)\n"
    "def draw(data):\n    return protocol.shown(data)\nFIGURE = Figure(claims=['words'])\n",
}
EDITS = [  # file, before, after, whether the data are of other sources, whether the picture is
    ("mtrl/wing/ridge.py", "SCALE * log", "SCALE + log", True, False),
    ("mtrl/wing/ridge.py", "SCALE = 2", "SCALE = 3", True, False),
    ("mtrl/wing/ridge.py", "register(fit)", "register(unused)", True, False),
    ("mtrl/wing/ridge.py", "Words.", "Other words.", False, False),
    ("mtrl/wing/ridge.py", "# comment", "# another", False, False),
    ("mtrl/wing/ridge.py", "unused(x):\n    return x", "unused(x):\n    return 2 * x", False, False),
    ("mtrl/numerics.py", "log(x):\n    return x", "log(x):\n    return 2 * x", True, False),
    ("mtrl/numerics.py", "exp(x):\n    return x", "exp(x):\n    return 2 * x", False, False),
    ("mtrl/wing/other.py", "return x", "return 2 * x", False, False),
    ("mtrl/wing/late.py", "return x", "return 2 * x", True, False),
    ("mtrl/wing/__init__.py", "from mtrl.wing import other\n", "", False, False),
    ("mtrl/harness/run/store.py", "return 1", "return 2", True, True),
    ("mtrl/harness/picture/plots.py", "return 1", "return 2", False, True),
    ("experiments/mine/protocol.py", "TABLE['a'] = 1", "TABLE['a'] = 2", True, False),
    ("experiments/mine/protocol.py", "plots.lines()", "plots.lines(2)", False, True),
    ("experiments/mine/figure.py", "protocol.base(config)", "protocol.base(0)", True, False),
    ("experiments/mine/figure.py", "protocol.inner(TABLE)", "protocol.inner(0)", True, False),
    ("experiments/mine/figure.py", "claims=['words']", "claims=[]", False, True),
]


@pytest.fixture
def tree(tmp_path, monkeypatch):
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(reach, "ROOT", tmp_path)
    sources.forget()
    yield tmp_path
    sources.forget()


def digests():
    module = "experiments.mine.figure"
    run, config, draw = (SimpleNamespace(__module__=module, __qualname__=name) for name in ("run", "Config", "draw"))
    figure = SimpleNamespace(run=run, config=config, draw=draw, module=module, inputs=None)
    sources.forget()
    return sources.computed_by(figure), sources.drawn_by(figure, "experiments.mine")


@pytest.mark.parametrize(("file", "before", "after", "computed", "drawn"), EDITS)
def test_an_edit_counts_where_a_figure_reaches_it(tree, file, before, after, computed, drawn):
    assert FILES[file].count(before) == 1
    first = digests()
    assert digests() == first
    (tree / file).write_text(FILES[file].replace(before, after))
    second = digests()
    assert (first[0] != second[0], first[1] != second[1]) == (computed, drawn)


def ran(figure):
    """Top-level names of this project, by file, whose code a run of the figure at smoke size executes, imports apart."""
    found, importing = set(), 0

    def note(frame, event, argument):
        nonlocal importing
        if frame.f_code.co_name == "<module>":
            importing += {"call": 1, "return": -1}.get(event, 0)
        elif event == "call" and not importing:
            found.add((frame.f_code.co_filename, frame.f_code.co_firstlineno))

    config = figure.configure("smoke", {})
    for name in figure.split:
        config = type(config)(**{**vars(config), name: getattr(config, name)[:1]})
    sys.setprofile(note)
    try:
        engine.compute(figure, config, np.arange(config.seeds) if hasattr(config, "seeds") else np.zeros(0, int))
    finally:
        sys.setprofile(None)
    return {
        (file, line) for file, line in found if file.startswith(str(reach.ROOT / "mtrl")) or "/experiments/" in file
    }


def test_whatever_runs_is_reached():
    """Against Python's own account of the functions that were called."""
    figure = LINEAR.figure("exact_heads")
    reached = sources.computing(figure).found
    missing = []
    for file, line in ran(figure):
        path = pathlib.Path(file)
        if not path.is_relative_to(reach.ROOT) or not sources.decides(path):
            continue
        module = ".".join(path.relative_to(reach.ROOT).with_suffix("").parts).removesuffix(".__init__")
        place = reach.room(module)
        index = next((i for i, s in enumerate(place.statements) if reach.first(s) <= line <= s.end_lineno), None)
        if index is not None and (module, index) not in reached:
            missing.append(f"{module}:{line}")
    assert not missing
