"""The gallery's index is made from the files in it."""

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
    for name in ("mean", "mean-other"):
        gallery.publish(tmp_path / "work/tiny/mean", tmp_path / "shown/tiny" / name)
    text = gallery.index(tmp_path / "shown")
    assert "![Mean of draws](tiny/mean/figure.png)" in text and "Mean of draws (other)" in text
    assert "the mean is zero" in text and "2 claims not reproduced" in text


def test_unknown_study():
    with pytest.raises(ValueError, match="unknown study 'nonsense'"):
        gallery.load("nonsense")


def test_list_and_bad_flag(capsys, only_tiny):
    gallery.main(["--list"])
    assert "--figure=mean: Mean of draws" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        gallery.main(["--lst"])
    assert "did you mean --list" in capsys.readouterr().err
