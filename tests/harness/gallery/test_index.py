"""The gallery's page is made from the files in it."""

import dataclasses
import json

from mtrl.harness import field
from mtrl.harness.cli import run_study
from mtrl.harness.gallery.index import index
from mtrl.harness.gallery.publish import publish, publish_variant
from mtrl.harness.run import store
from tests.harness import tiny
from tests.harness.gallery.test_command import main


def test_publish_and_index(tmp_path):
    run_study(tiny.STUDY, [f"--out={tmp_path}/work", "--figure=mean", "--preset=smoke"])
    publish(tmp_path / "work/tiny/mean", tmp_path / "shown/tiny/mean")
    main([f"--publish={tmp_path}/work/tiny/mean", "--variant=other", f"--out={tmp_path}/shown"])
    text = (tmp_path / "shown/README.md").read_text()
    assert "![Mean of draws](tiny/mean/figure.png)" in text and "Mean of draws (other)" in text
    (tally,) = [line for line in text.splitlines() if line.startswith("| paper | ") and line.count("|") == 5]
    assert "the mean is zero" in text
    assert sum(int(cell) for cell in tally.split("|")[2:5]) == 2, "the variant's claims are not counted again"


@dataclasses.dataclass(frozen=True)
class FileConfig(tiny.MeanConfig):
    """A figure that reads a file."""

    data_dir: str = field("", help="folder of files", path=True)


def test_a_variant_keeps_the_names_of_its_files_but_not_their_places(tmp_path):
    study = dataclasses.replace(tiny.STUDY, figures=(dataclasses.replace(tiny.MEAN, config=FileConfig),))
    (tmp_path / "mine").mkdir()
    run_study(study, [f"--out={tmp_path}/work", "--preset=smoke", f"--data_dir={tmp_path}/mine"])
    publish_variant(tmp_path / "work/tiny/mean", tmp_path / "shown", "mine")
    shown = tmp_path / "shown/tiny/mean-mine"
    assert json.loads((shown / "config.json").read_text())["config"]["data_dir"] == "mine"
    assert json.loads(store.read_dataset(shown / "data.nc").attrs["config"])["data_dir"] == "mine"
    assert all(str(tmp_path).encode() not in path.read_bytes() for path in shown.iterdir())


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
