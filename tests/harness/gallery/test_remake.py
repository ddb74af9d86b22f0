import dataclasses

import pytest

from mtrl.harness.gallery.remake import remake
from tests.harness import tiny


def test_one_failing_figure_does_not_stop_the_others(tmp_path, capsys):
    """What is done is published with its index; the failure is named in one sentence."""

    def broken(config, seeds):
        raise RuntimeError("no luck")

    figures = (dataclasses.replace(tiny.BANDIT, run=broken), dataclasses.replace(tiny.MEAN, presets={}))
    studies = [dataclasses.replace(tiny.STUDY, figures=figures)]
    with pytest.raises(ValueError, match="^tiny/bandit was not made: no luck;"):
        remake(studies, studies, tmp_path / "shown", tmp_path / "work")
    assert "the mean is zero" in capsys.readouterr().out
    assert (tmp_path / "shown/tiny/mean/figure.png").is_file() and not (tmp_path / "shown/tiny/bandit").exists()
    assert "Mean of draws" in (tmp_path / "shown/README.md").read_text()
