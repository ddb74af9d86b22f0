"""Bad flags and configurations, made from every study's own rules."""

import dataclasses
import random
import subprocess
import sys
import typing

import pytest

from mtrl.harness.cli import run_study
from mtrl.harness.config import rules_of, types_of
from mtrl.harness.gallery import Registry
from mtrl.numerics.errors import BadInput
from tests.reliability.conftest import ROOT

pytestmark = pytest.mark.reliability
PER_STUDY = 40
COMMON = [
    ["--preset=quik"],
    ["--figure=no_such_figure"],
    ["--engine=serail"],
    ["--x64=perhaps"],
    ["--seeds=0"],
    ["--seeds=many"],
    ["--seeds=4", "--seed_batch=3"],
    ["--first_seed=-1"],
    ["--sweep.seeds=2,2"],
    ["--sweep.seeds=2,x"],
    ["--seeds=2", "--sweep.seeds=2,3"],
    ["--nonsense"],
    ["stray"],
    ["--plot_only"],
    ["--distributed", "--processes=2"],
    ["--process_id=1"],
    ["--distributed", "--coordinator=here:1", "--processes=2", "--process_id=2"],
]


def bad_texts(kind, rules):
    """Texts that a field of this type and these rules must refuse."""
    many = typing.get_origin(kind) is tuple
    inner = typing.get_args(kind)[0] if many or typing.get_args(kind) else kind
    if many:
        yield ""
    if inner is bool:
        yield from ("perhaps", "2")
    if inner in (int, float):
        yield from ("wide", "1e999" if inner is float else "1.5", "nan" if inner is float else "0x")
        for bound, step in ((rules["lower"], -1), (rules["upper"], 1)):
            if bound is not None:
                yield str(inner(bound + step))
                if rules["strict"]:
                    yield str(inner(bound))
    if rules["choices"] is not None:
        yield "no_such_choice" if inner is str else "987654"
    if many and rules["length"] is not None and inner in (int, float):
        yield ",".join(["1"] * (rules["length"] + 1))


def bad_commands(study):
    """Command lines that must be refused: one bad field each, given or swept, of every figure in turn."""
    made = []
    for figure in study.figures:
        for item in dataclasses.fields(figure.config):
            for text in bad_texts(types_of(figure.config)[item.name], rules_of(item)):
                made.append([f"--figure={figure.name}", f"--{item.name}={text}"])
                if text and not typing.get_origin(types_of(figure.config)[item.name]):
                    good = getattr(figure.config(), item.name)
                    made.append([f"--figure={figure.name}", f"--sweep.{item.name}={good},{text}"])
            made.append([f"--figure={figure.name}", f"--{item.name}x=1"])
    return made


def never(config, seeds):
    raise AssertionError("a bad command reached the computation")


def closed(study):
    """The study, whose figures cannot be computed."""
    return dataclasses.replace(study, figures=tuple(dataclasses.replace(f, run=never) for f in study.figures))


def refused(study, arguments, folder):
    """The sentence with which a command line is refused, after which nothing may have been written."""
    with pytest.raises(BadInput) as error:
        run_study(study, [f"--out={folder}/new", "--preset=smoke", *arguments])
    words = str(error.value)
    assert words and "\n" not in words and "Traceback" not in words, words
    assert not list(folder.iterdir()), f"{arguments} wrote something"
    return words


def test_bad_flags_and_configurations(tmp_path, say):
    """Values of the wrong type, outside their range or not among their choices, repeated, misspelt or contradictory, of every study: one sentence, no file."""
    studies = Registry("experiments").studies()
    count, distinct = 0, set()
    for study in studies:
        every = bad_commands(study)
        for arguments in [*COMMON, *random.Random(study.name).sample(every, min(PER_STUDY, len(every)))]:
            distinct.add(refused(closed(study), arguments, tmp_path))
            count += 1
    assert count >= 100
    say(f"{count} bad command lines over {len(studies)} studies, {len(distinct)} different sentences, no file")


def test_bad_flags_in_processes_of_their_own(tmp_path, say):
    """A dozen of them through `python -m`: status 2, one line on stderr, nothing on stdout, no file."""
    rng = random.Random(5)
    names = rng.sample(Registry("experiments").names(), 12)
    for name in names:
        arguments = rng.choice(bad_commands(Registry("experiments").load(name)))
        done = subprocess.run(
            [sys.executable, "-m", f"experiments.{name}", f"--out={tmp_path}/new", "--preset=smoke", *arguments],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 2 and done.stdout == "", (arguments, done)
        assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1, (arguments, done.stderr)
        assert not list(tmp_path.iterdir())
    say(f"{len(names)} processes, status 2 and one line each")
