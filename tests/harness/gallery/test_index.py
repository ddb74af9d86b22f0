"""The gallery's page is made from the files in it."""

import dataclasses

from mtrl.harness.cli import run_study
from mtrl.harness.gallery.index import index
from mtrl.harness.gallery.publish import publish
from tests.harness import tiny
from tests.harness.gallery.test_command import main


def test_publish_and_index(tmp_path):
    run_study(tiny.STUDY, [f"--out={tmp_path}/work", "--figure=mean", "--preset=smoke"])
    publish(tmp_path / "work/tiny/mean", tmp_path / "shown/tiny/mean")
    main([f"--publish={tmp_path}/work/tiny/mean", "--variant=other", f"--out={tmp_path}/shown"])
    text = (tmp_path / "shown/README.md").read_text()
    assert "![Mean of draws](tiny/mean/figure.png)" in text and "Mean of draws (other)" in text
    assert "the mean is zero" in text and "2 claims not reproduced" in text


def test_a_figure_is_listed_under_its_own_name_only(tmp_path):
    """`mean_field` begins with `mean` but is another figure, not a variant of it."""
    figures = tuple(
        dataclasses.replace(tiny.MEAN, name=name, title=f"Title of {name}") for name in ("mean", "mean_field")
    )
    for folder in ("mean", "mean_field", "mean-real"):
        (tmp_path / "tiny" / folder).mkdir(parents=True)
        (tmp_path / "tiny" / folder / "claims.json").write_text("[]")
    text = index(tmp_path, [dataclasses.replace(tiny.STUDY, figures=figures)])
    titles = [line[4:] for line in text.splitlines() if line.startswith("### ")]
    assert titles == ["Title of mean", "Title of mean (real)", "Title of mean_field"]
