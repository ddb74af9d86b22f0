import dataclasses
import json

import pytest

from mtrl.harness.gallery.age import older
from mtrl.harness.gallery.entries import entries
from mtrl.harness.gallery.publish import publish_variant
from mtrl.harness.gallery.remake import redraw, remake
from mtrl.harness.run import carry, store
from mtrl.harness.study import Paper
from tests.harness import tiny


def test_one_failing_figure_does_not_stop_the_others(tmp_path, capsys):
    """What is done is published with its index; the failure is named in one sentence."""

    def broken(config, seeds):
        raise RuntimeError("no luck")

    figures = (dataclasses.replace(tiny.BANDIT, run=broken), dataclasses.replace(tiny.MEAN, presets={}))
    studies = [dataclasses.replace(tiny.STUDY, figures=figures)]
    with pytest.raises(ValueError, match="^tiny/bandit was not made: its cell failed, .*RuntimeError: no luck;"):
        remake(studies, studies, tmp_path / "shown", tmp_path / "work")
    assert "the mean is zero" in capsys.readouterr().out
    assert (tmp_path / "shown/tiny/mean/figure.png").is_file() and not (tmp_path / "shown/tiny/bandit").exists()
    assert "Mean of draws" in (tmp_path / "shown/tiny/index.html").read_text()


def studies(**changes):
    figures = (dataclasses.replace(tiny.BANDIT, presets={}, **changes), dataclasses.replace(tiny.MEAN, presets={}))
    return [dataclasses.replace(tiny.STUDY, figures=figures)]


def test_only_what_is_stale_is_made_and_the_same_again_changes_no_byte(tmp_path, capsys):
    """Skipped while sources and configuration are those of the published run; forced, every file stays as it is."""
    shown, work = tmp_path / "shown", tmp_path / "work"
    remake(studies(), studies(), shown, work)
    before = {path: path.read_bytes() for path in shown.rglob("*") if path.is_file()}
    capsys.readouterr()
    remake(studies(), studies(), shown, work)
    assert "2 figures are up to date and skipped" in capsys.readouterr().out
    remake(studies(), studies(), shown, tmp_path / "other", force=True)
    assert {path: path.read_bytes() for path in shown.rglob("*") if path.is_file()} == before
    changed = [
        dataclasses.replace(study, figures=(dataclasses.replace(study.figures[0], version=2), study.figures[1]))
        for study in studies()
    ]
    capsys.readouterr()
    remake(changed, changed, shown, work)
    assert "1 figures are up to date" in capsys.readouterr().out


def test_what_only_draws_otherwise_is_drawn_anew_from_its_data(tmp_path, capsys, monkeypatch):
    """No cell is computed; variants are drawn too, and the stamp is of today's drawing afterwards."""
    shown, work = tmp_path / "shown", tmp_path / "work"
    remake(studies(), studies(), shown, work)
    publish_variant(work / "tiny" / "mean", shown, "other")
    for place in ("mean", "mean-other"):
        run = json.loads((shown / "tiny" / place / "run.json").read_text())
        store.write_json(shown / "tiny" / place / "run.json", {**run, "drawn_by": "earlier"})
        (shown / "tiny" / place / "claims.json").write_text("[]")
    monkeypatch.setattr(carry, "make_all", None)
    capsys.readouterr()
    remake(studies(), studies(), shown, tmp_path / "nowhere")
    assert "2 figures were drawn and judged anew from their stored data" in capsys.readouterr().out
    for place in ("mean", "mean-other"):
        assert json.loads((shown / "tiny" / place / "claims.json").read_text())
    assert all(older(entry) == "" for entry in entries(shown, studies()[0]))


def test_headlines_alone(tmp_path):
    remake(studies(), studies(), tmp_path / "shown", tmp_path / "work", headlines=True)
    assert sorted(path.name for path in (tmp_path / "shown" / "tiny").iterdir()) == ["bandit", "index.html"]


def test_what_times_something_alone_and_anew(tmp_path, capsys):
    """Whether stale or not, and nothing else; the table of speeds is written."""
    fast = dataclasses.replace(tiny.MEAN, presets={}, claims=(dataclasses.replace(tiny.MEAN.claims[0], kind="speed"),))
    figures = (fast, dataclasses.replace(tiny.BANDIT, presets={}))
    both = [dataclasses.replace(tiny.STUDY, figures=figures, papers=(Paper("A title", ("Nobody",), 2026, "arXiv"),))]
    for work in ("work", "again"):
        remake(both, both, tmp_path / "shown", tmp_path / work, timed=True, workers=2)
        said = capsys.readouterr().out
        assert "up to date" not in said and "speed.html" in said and (tmp_path / "shown/speed.html").is_file()
        assert sorted(path.name for path in (tmp_path / work / "tiny").iterdir()) == ["mean"]


def test_what_cannot_be_drawn_anew_is_named_and_stays(tmp_path):
    """Data of an earlier version that the drawing does not know: the others are drawn, the old picture stands."""
    remake(studies(), studies(), tmp_path / "shown", tmp_path / "work")
    before = (tmp_path / "shown/tiny/bandit/figure.png").read_bytes()

    def lost(data, config):
        return data["nothing"]

    with pytest.raises(ValueError, match="^tiny/bandit was not drawn: .*nothing"):
        redraw(studies(draw=lost), tmp_path / "shown")
    assert (tmp_path / "shown/tiny/bandit/figure.png").read_bytes() == before
    redraw(studies(), tmp_path / "shown")


def test_workers_change_no_byte_and_times_are_taken_alone(tmp_path, capsys, monkeypatch):
    """Two processes compute what one does; a figure with a claim on speed waits until they are gone."""
    fast = dataclasses.replace(tiny.MEAN, presets={}, claims=(dataclasses.replace(tiny.MEAN.claims[0], kind="speed"),))
    figures = (fast, dataclasses.replace(tiny.BANDIT, presets={}))
    both = [dataclasses.replace(tiny.STUDY, figures=figures, papers=(Paper("A title", ("Nobody",), 2026, "arXiv"),))]
    engines = []
    real = carry.make_all

    def watched(jobs, **options):
        engines.append((options["engine_name"], [job.figure.name for job in jobs]))
        return real(jobs, **options)

    monkeypatch.setattr(carry, "make_all", watched)
    remake(both, both, tmp_path / "two", tmp_path / "work two", workers=2)
    assert engines == [("processes", ["bandit"]), ("serial", ["mean"])]
    remake(both, both, tmp_path / "one", tmp_path / "work one")
    for name in ("bandit/data.nc", "bandit/claims.json", "mean/data.nc"):
        assert (tmp_path / "one/tiny" / name).read_bytes() == (tmp_path / "two/tiny" / name).read_bytes()
