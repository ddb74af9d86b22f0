"""The gallery's pages are made from the files in it: every number is the stored one, every command remakes its figure."""

import csv
import dataclasses
import html.parser
import json
import pathlib
import shlex

import pytest

from mtrl.harness import field, flags, plots, style
from mtrl.harness.cli import run_study
from mtrl.harness.config import declaring, path_fields
from mtrl.harness.gallery import Registry
from mtrl.harness.gallery.age import older
from mtrl.harness.gallery.derived import add_derived
from mtrl.harness.gallery.entries import Claim, entries, tally
from mtrl.harness.gallery.publish import publish, publish_variant
from mtrl.harness.gallery.site import write_site
from mtrl.harness.run import store
from tests.harness import tiny
from tests.harness.gallery.test_command import main

ROOT = pathlib.Path(__file__).resolve().parents[3]


class Numbers(html.parser.HTMLParser):
    """The machine-readable values of a page, with what is shown for each."""

    def __init__(self, text):
        super().__init__()
        self.values, self.shown, self._open = [], [], False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag == "data":
            self.values.append(dict(attrs)["value"])
            self._open = True

    def handle_data(self, data):
        if self._open:
            self.shown.append(data)
            self._open = False


def made(tmp_path):
    """A gallery of one figure and a variant."""
    run_study(tiny.STUDY, [f"--out={tmp_path}/work", "--figure=mean", "--preset=smoke"])
    publish(tmp_path / "work/tiny/mean", tmp_path / "shown/tiny/mean")
    main([f"--publish={tmp_path}/work/tiny/mean", "--variant=other", f"--out={tmp_path}/shown"])
    main(["--redraw", f"--out={tmp_path}/shown"])
    return tmp_path / "shown"


def test_pages_hold_the_stored_numbers_and_count_a_variant_once(tmp_path):
    gallery = made(tmp_path)
    (first, *others) = json.loads((gallery / "tiny/mean/claims.json").read_text())
    page = (gallery / "tiny/index.html").read_text()
    numbers = Numbers(page)
    stored = {str(x) for r in (first, *others) for x in (r["ours"], r.get("value")) if x is not None}
    assert set(numbers.values) == stored
    assert all(f"{float(v):.4g}" == shown for v, shown in zip(numbers.values, numbers.shown, strict=True))
    assert "the mean is zero" in page and 'id="mean"' in page and 'id="mean-other"' in page
    assert "python -m tests.harness.tiny --figure=mean --preset=smoke" in page or "--figure=mean" in page
    counts = tally(entries(gallery, tiny.STUDY))
    assert sum(sum(row.values()) for row in counts.values()) == 1 + len(others)
    assert "[tiny](tiny/index.html)" in (gallery / "README.md").read_text()
    before = {path: path.stat().st_mtime_ns for path in gallery.rglob("*.html")}
    main(["--index", f"--out={gallery}"])
    assert before == {path: path.stat().st_mtime_ns for path in gallery.rglob("*.html")}, (
        "the same again writes nothing"
    )


def test_a_picture_for_the_page_and_a_table_of_means(tmp_path):
    folder = made(tmp_path) / "tiny/mean"
    assert (folder / "figure.svg").read_bytes().startswith(b"<?xml")
    with (folder / "means.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["variable"] == "mean"]
    data = store.read_dataset(folder / "data.nc")["mean"]
    assert [float(row["mean"]) for row in rows] == pytest.approx(list(data.mean("seed").values), rel=1e-5)
    assert {row["unit"] for row in rows} == {"m"} and {int(row["seeds"]) for row in rows} == {data.sizes["seed"]}
    assert [float(row["half_width_95"]) for row in rows] == pytest.approx(style.half_width(data.values), rel=1e-5)


def test_tables_stand_on_the_page_with_the_numbers_of_the_data(tmp_path):
    def tables(data, config):
        means = data["mean"].mean("seed")
        return [
            plots.Table(
                "a caption", ["size", "mean", "with interval", "words"], [["first", means[0], (means[1], 0.5), "text"]]
            )
        ]

    gallery = made(tmp_path)
    entry = entries(gallery, tiny.STUDY)[0]
    figure = dataclasses.replace(tiny.MEAN, tables=tables)
    add_derived(entry.folder, figure, entry.config)
    write_site(gallery, [tiny.STUDY])
    means = store.read_dataset(entry.folder / "data.nc")["mean"].mean("seed").values
    page = (gallery / "tiny/index.html").read_text()
    assert {repr(float(means[0])), repr(float(means[1])), "0.5"} <= set(Numbers(page).values)
    assert "<caption>a caption</caption>" in page and '<th scope="row">first</th>' in page and "<td>text</td>" in page
    add_derived(entry.folder, tiny.MEAN, entry.config)
    assert not (entry.folder / "tables.json").exists()


def test_the_landing_page_tells_of_the_reliability_runs(tmp_path):
    gallery = made(tmp_path)
    assert "Reliability" not in (gallery / "index.html").read_text()
    checks = [
        {"name": "killed", "what": "a killed run resumes", "figure": "tiny/mean", "held": True, "seconds": 12.34},
        {"name": "torn", "what": "a torn file is refused", "figure": None, "held": False, "seconds": 3},
    ]
    stored = {"date": "2026-01-02", "pins": {"jax": "1.2.3"}, "checks": checks}
    (gallery / "reliability.json").write_text(json.dumps(stored))
    main(["--index", f"--out={gallery}"])
    page = (gallery / "index.html").read_text()
    assert "last on 2026-01-02: 1 of 2 checks held, with jax 1.2.3." in page
    assert '<a href="tiny/index.html#mean">tiny/mean</a>' in page and "did not hold" in page
    assert Numbers(page).values[-2:] == ["12.34", "3"]


def test_a_page_says_when_a_figure_is_of_older_sources(tmp_path):
    gallery = made(tmp_path)
    fresh = entries(gallery, tiny.STUDY)[0]
    assert older(fresh) == "" and 'class="older"' not in (gallery / "tiny/index.html").read_text()
    for change, words in (
        ({"computed_by": "other"}, "computed by older sources"),
        ({"drawn_by": "other"}, "drawn by older sources"),
        ({"versions": "jax 0.1"}, "made with other pins"),
    ):
        assert words in older(dataclasses.replace(fresh, run={**fresh.run, **change}))
    assert "No record of its run" in older(dataclasses.replace(fresh, run={}))
    store.write_json(fresh.folder / "run.json", {**fresh.run, "computed_by": "other"})
    main(["--index", f"--out={gallery}"])
    assert (gallery / "tiny/index.html").read_text().count('class="older"') == 1


STUDIES = Registry("experiments").studies()


@pytest.mark.parametrize("study", STUDIES, ids=lambda study: study.name)
def test_tabs_of_a_figure_differ_and_the_style_sheet_knows_so_many(study):
    tabs: dict[str, list[str]] = {}
    for entry in entries(ROOT / "figures", study):
        tabs.setdefault(entry.figure.name, []).append(entry.tab)
    assert all(len(set(words)) == len(words) <= 16 for words in tabs.values()), tabs


@pytest.mark.parametrize("study", STUDIES, ids=lambda study: study.name)
def test_every_command_of_the_gallery_gives_the_configuration_of_its_figure(study):
    """Read by the command line it belongs to; only folders of data stand by their names."""
    for entry in entries(ROOT / "figures", study):
        words = shlex.split(entry.command)
        assert words[:3] == ["python", "-m", f"experiments.{study.name}"]
        options = flags.parse(study, words[3:])
        with declaring():
            config = entry.figure.configure(options.preset, flags.typed(entry.figure.config, options.overrides))
        assert config == entry.config and options.x64 == entry.x64 and options.figures == (entry.figure.name,)


@pytest.mark.parametrize("study", STUDIES, ids=lambda study: study.name)
def test_every_command_of_the_gallery_comes_through_a_dry_run(study, tmp_path, capsys):
    """Those of runs on real data need their files."""
    for entry in entries(ROOT / "figures", study):
        files = any(getattr(entry.config, name) for name in path_fields(entry.figure.config))
        words = [*shlex.split(entry.command)[3:], f"--out={tmp_path / 'out'}", "--dry_run"]
        if not files:
            assert run_study(study, words) == [] and entry.figure.name in capsys.readouterr().out
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("study", STUDIES, ids=lambda study: study.name)
def test_every_figure_asks_one_question_of_its_own(study):
    questions = [figure.question for figure in study.figures]
    for figure, question in zip(study.figures, questions, strict=True):
        assert question.endswith("?") and question.count("?") == 1 and question[0].isupper(), (
            f"Figure(question=...) of {study.name}/{figure.name} is to be one plain sentence that ends in '?', not '{question}'"
        )
    assert len(set(questions)) == len(questions)


def test_the_answer_is_that_of_the_leading_claim_of_the_paper(tmp_path):
    entry = entries(made(tmp_path), tiny.STUDY)[0]
    records = [claim.record for claim in entry.claims]
    aside = Claim({**records[0], "kind": "sanity"})
    lead = Claim(
        {**records[0], "value": 0.5, "unit": "m", "ours": 0.25, "interval": [0.2, 0.3], "verdict": "undecided"}
    )
    answer = dataclasses.replace(entry, claims=(aside, lead)).answer
    assert answer.startswith("Undecided: the mean is zero, ours 0.25 [0.2, 0.3] m, the paper's 0.5 (agrees: ")
    assert dataclasses.replace(entry, claims=(lead, aside)).answer.endswith("1 is undecided.")
    assert dataclasses.replace(entry, claims=(aside,)).answer.startswith(f"{aside.verdict.capitalize()}: ")


@pytest.mark.parametrize("study", [study for study in STUDIES if study.papers], ids=lambda study: study.name)
def test_every_paper_can_be_cited(study):
    for paper in study.papers:
        assert paper.bibtex.count("{") == paper.bibtex.count("}") and paper.title in paper.bibtex
    assert study.confirmed and study.reconstructed and len({paper.key for paper in study.papers}) == len(study.papers)


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
    found = entries(tmp_path, dataclasses.replace(tiny.STUDY, figures=figures))
    assert [entry.title for entry in found] == ["Title of mean", "Title of mean (real)", "Title of mean_field"]
