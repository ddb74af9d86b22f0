"""The README: its example runs and prints what it says, its table is that of the studies, its commands and links exist."""

import contextlib
import io
import pathlib
import re
import shlex

import pytest

from mtrl.harness import flags
from mtrl.harness.gallery import Registry
from mtrl.harness.gallery.command import _read

ROOT = pathlib.Path(__file__).resolve().parents[3]
TEXT = (ROOT / "README.md").read_text()
REGISTRY = Registry("experiments")
COMMANDS = [" ".join(found.split()) for found in re.findall(r"python -m experiments[^\n`#]*", TEXT)]
GRID = '{"gamma": [0.3, 1, 3]}'  # stands in for the file that a command names


def test_the_example_prints_the_risk_and_the_slope_that_it_names():
    (code,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(code, {})
    promised = re.search(r"# (risk \S+, slope -\S+):", code)
    assert promised and said.getvalue().strip() == promised[1]


def test_the_table_of_papers_is_that_of_the_studies():
    rows = [line for line in TEXT.splitlines() if "](figures/" in line and line.startswith("| [")]
    expected = [
        f"| [{study.name}](figures/{study.name}/index.html) | {', '.join(f'{p.authors[0]} {p.year}' for p in study.papers)} "
        f"| {study.summary.rstrip('.')} |"
        for study in REGISTRY.studies()
        if study.papers
    ]
    assert rows == expected, "put these rows into README.md:\n" + "\n".join(expected)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_read_by_its_command_line(command, tmp_path):
    (tmp_path / "grid.json").write_text(GRID)
    command = command.replace("grid.json", str(tmp_path / "grid.json")).replace("<study>", "rmt_regression")
    _, _, module, *words = shlex.split(command.replace('"', ""))
    if module == "experiments":
        _read(words)
    elif "--help" not in words:
        study = REGISTRY.load(module.removeprefix("experiments."))
        assert flags.parse(study, words).preset, "a study's command line has a preset"


def test_every_link_and_picture_is_there():
    links = re.findall(r"\]\(([^)]+)\)", TEXT)
    assert links and all((ROOT / link).is_file() for link in links if "://" not in link), links
