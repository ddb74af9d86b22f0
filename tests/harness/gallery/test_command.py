"""The gallery's command line: every bad command is one sentence."""

import pathlib
import subprocess
import sys

import pytest

from mtrl.harness.gallery import Registry, command
from tests.harness import tiny

ROOT = pathlib.Path(__file__).resolve().parents[3]


class OnlyTiny(Registry):
    """A registry that holds the tiny study alone."""

    def names(self):
        return ["tiny"]

    def load(self, name):
        return tiny.STUDY


def main(arguments, home=ROOT / "figures"):
    command.main(arguments, OnlyTiny(""), home)


def test_list_and_bad_flag(capsys):
    main(["--list"])
    assert "--figure=mean: Mean of draws" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["--lst"])
    assert "did you mean --list" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--publish"], "write --publish=DIR"),
        (["--list=3"], "takes no value"),
        (["tiny", "--figure=mean"], "python -m experiments.tiny --figure=mean"),
        (["tiny"], "a study runs as python -m experiments.tiny"),
        (["--index", "--out=/nowhere/at/all"], "there is no gallery"),
        (["--gallery", "--out=/proc/nothing"], "choose a writable folder"),
    ],
)
def test_bad_gallery_commands_are_one_sentence(capsys, arguments, words):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    said = capsys.readouterr()
    assert stopped.value.code == 2 and words in said.err and said.err.count("\n") == 1 and said.out == ""


@pytest.mark.parametrize(
    "arguments, words", [(["--variant="], "takes a short name"), (["--variant=x"], "holds no result")]
)
def test_publish_refuses(tmp_path, capsys, arguments, words):
    with pytest.raises(SystemExit):
        main([f"--publish={tmp_path}", f"--out={tmp_path}", *arguments])
    assert words in capsys.readouterr().err


def test_short_help(capsys):
    main(["-h"])
    assert capsys.readouterr().out.startswith("usage:")


def test_unknown_study_on_the_command_line():
    done = subprocess.run([sys.executable, "-m", "experiments.rmt_regresion"], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr == "error: unknown study 'rmt_regresion'; did you mean rmt_regression?\n"
