"""The gallery's index is made from the files in it."""

import dataclasses
import subprocess
import sys

import pytest

from mtrl.harness import gallery
from mtrl.harness.cli import run_study
from tests.harness import tiny


@pytest.fixture
def only_tiny(monkeypatch):
    monkeypatch.setattr(gallery, "study_names", lambda: ["tiny"])
    monkeypatch.setattr(gallery, "load", lambda name: tiny.STUDY)


def test_publish_and_index(tmp_path, only_tiny):
    run_study(tiny.STUDY, [f"--out={tmp_path}/work", "--figure=mean", "--preset=smoke"])
    gallery.publish(tmp_path / "work/tiny/mean", tmp_path / "shown/tiny/mean")
    gallery.main([f"--publish={tmp_path}/work/tiny/mean", "--variant=other", f"--out={tmp_path}/shown"])
    text = (tmp_path / "shown/README.md").read_text()
    assert "![Mean of draws](tiny/mean/figure.png)" in text and "Mean of draws (other)" in text
    assert "the mean is zero" in text and "2 claims not reproduced" in text


def test_a_figure_is_listed_under_its_own_name_only(tmp_path, monkeypatch):
    """`mean_field` begins with `mean` but is another figure, not a variant of it."""
    figures = tuple(
        dataclasses.replace(tiny.MEAN, name=name, title=f"Title of {name}") for name in ("mean", "mean_field")
    )
    monkeypatch.setattr(gallery, "study_names", lambda: ["tiny"])
    monkeypatch.setattr(gallery, "load", lambda name: dataclasses.replace(tiny.STUDY, figures=figures))
    for folder in ("mean", "mean_field", "mean-real"):
        (tmp_path / "tiny" / folder).mkdir(parents=True)
        (tmp_path / "tiny" / folder / "claims.json").write_text("[]")
    titles = [line[4:] for line in gallery.index(tmp_path).splitlines() if line.startswith("### ")]
    assert titles == ["Title of mean", "Title of mean (real)", "Title of mean_field"]


@pytest.mark.parametrize(
    "arguments, words", [(["--variant="], "takes a short name"), (["--variant=x"], "holds no result")]
)
def test_publish_refuses(tmp_path, capsys, arguments, words):
    with pytest.raises(SystemExit):
        gallery.main([f"--publish={tmp_path}", f"--out={tmp_path}", *arguments])
    assert words in capsys.readouterr().err


def test_unknown_study():
    with pytest.raises(ValueError, match="unknown study 'nonsense'"):
        gallery.load("nonsense")


def test_list_and_bad_flag(capsys, only_tiny):
    gallery.main(["--list"])
    assert "--figure=mean: Mean of draws" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        gallery.main(["--lst"])
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
def test_bad_gallery_commands_are_one_sentence(capsys, only_tiny, arguments, words):
    with pytest.raises(SystemExit) as stopped:
        gallery.main(arguments)
    said = capsys.readouterr()
    assert stopped.value.code == 2 and words in said.err and said.err.count("\n") == 1 and said.out == ""


def test_short_help(capsys):
    gallery.main(["-h"])
    assert capsys.readouterr().out.startswith("usage:")


def test_unknown_study_on_the_command_line():
    done = subprocess.run([sys.executable, "-m", "experiments.rmt_regresion"], capture_output=True, text=True)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr == "error: unknown study 'rmt_regresion'; did you mean rmt_regression?\n"


def test_one_failing_figure_does_not_stop_the_others(tmp_path, capsys, monkeypatch):
    """What is done is published with its index; the failure is named in one sentence and the exit status."""

    def broken(config, seeds):
        raise RuntimeError("no luck")

    figures = (dataclasses.replace(tiny.BANDIT, run=broken), dataclasses.replace(tiny.MEAN, presets={}))
    monkeypatch.setattr(gallery, "study_names", lambda: ["tiny"])
    monkeypatch.setattr(gallery, "load", lambda name: dataclasses.replace(tiny.STUDY, figures=figures))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        gallery.main(["--gallery", f"--out={tmp_path}/shown"])
    said = capsys.readouterr()
    assert said.err.splitlines()[-1].startswith("error: tiny/bandit was not made: no luck;")
    assert "the mean is zero" in said.out
    assert (tmp_path / "shown/tiny/mean/figure.png").is_file() and not (tmp_path / "shown/tiny/bandit").exists()
    assert "Mean of draws" in (tmp_path / "shown/README.md").read_text()
