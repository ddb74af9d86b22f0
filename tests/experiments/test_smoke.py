"""Every figure of every study, end to end at `smoke`: the files of the contract, valid claims, and a drawing that reads only files."""

import json

import pytest

from mtrl.harness.cli import run_study
from mtrl.harness.gallery import registry
from mtrl.harness.picture import style
from mtrl.harness.run import store

STUDIES = {study.name: study for study in registry.Registry("experiments").studies()}
FIGURES = [(name, figure.name) for name, study in STUDIES.items() for figure in study.figures]


# Studies whose smoke runs are in cells of one seed: what hangs on the seeds must have their axis, or several cells cannot be put together.
SPLIT = (
    "active_representation",
    "continual_statmech",
    "critical_periods",
    "gradient_noise",
    "multitask_psr",
    "off_policy",
)


@pytest.mark.parametrize("study, figure", FIGURES)
def test_smoke(tmp_path, study, figure):
    cells = ["--seed_batch=1"] if study in SPLIT else []
    run_study(STUDIES[study], [f"--figure={figure}", "--preset=smoke", f"--out={tmp_path}", *cells])
    folder = tmp_path / study / figure
    assert {"figure.png", "figure.pdf", "data.nc", "claims.json", "config.json"} <= {p.name for p in folder.iterdir()}
    records = json.loads((folder / "claims.json").read_text())
    assert all(r["verdict"] in ("reproduced", "not reproduced", "undecided") for r in records)
    data = store.read_dataset(folder / "data.nc")
    assert data.sizes, "the dataset has named dims"
    texts = [claim.text for claim in STUDIES[study].figure(figure).claims if claim.applies(data)]
    assert {r["claim"] for r in records} <= set(texts)  # a measure may find what it speaks of absent
    assert (folder / "figure.png").stat().st_size > 5_000
    drawn = STUDIES[study].figure(figure)
    for table in drawn.tables(data, drawn.configure("smoke", {})) if drawn.tables else ():
        assert table.rows and all(len(row) == len(table.columns) for row in table.rows)


@pytest.mark.parametrize("name", STUDIES)
def test_study_is_described(name):
    study = STUDIES[name]
    assert study.name == name and study.summary and study.paper
    assert sum(figure.headline for figure in study.figures) == 1
    assert len({figure.name for figure in study.figures}) == len(study.figures)
    for figure in study.figures:
        assert figure.title and (figure.config.__doc__ or "").strip()
        for claim in figure.claims:
            assert claim.text and claim.paper


def test_listing_names_every_figure():
    text = registry.listing(list(STUDIES.values()))
    assert all(f"--figure={figure}" in text for _, figure in FIGURES)


def test_users_pdfs_hold_true_type(monkeypatch):
    kinds = {}
    for words in ("as here", "as users have it"):
        with style.house():
            kinds[words] = b"/CIDFontType2" in style.pictures(style.subplots()[0], ["pdf"])["pdf"]
        monkeypatch.undo()
    assert kinds == {"as here": False, "as users have it": True}
