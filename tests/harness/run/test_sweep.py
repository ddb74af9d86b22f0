"""Sweeps from files, before they start, while they run, and at a glance."""

import json
import os
import pathlib
import subprocess
import sys
import time

import numpy as np
import pytest
import xarray as xr

from mtrl.harness import flags
from mtrl.harness.cli import main, run_study
from mtrl.harness.gallery import Registry, command
from mtrl.harness.judge.claims import between
from mtrl.harness.picture import overview, style
from mtrl.harness.run import records, status, store
from mtrl.harness.run.carry import Incomplete
from mtrl.harness.run.produce import Job
from mtrl.numerics.errors import BadInput
from tests.harness import mortal, tiny

ROOT = pathlib.Path(__file__).resolve().parents[3]


def written(tmp_path, value):
    path = tmp_path / "grid.json"
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return path


def planned(*arguments):
    """The points of a command, without running it."""
    return flags.parse(tiny.STUDY, list(arguments)).sweep.points()


def test_a_file_and_flags_name_the_same_points(tmp_path):
    want = planned("--sweep.scale=1,2", "--sweep.sizes=4,8;16")
    assert planned(f"--sweep_file={written(tmp_path, {'scale': [1, 2], 'sizes': [[4, 8], 16]})}") == want
    assert planned("--sweep.sizes=4,8;16", f"--sweep_file={written(tmp_path, {'scale': [1, 2]})}") == want
    listed = [{"scale": 1, "fail": False}, {"fail": True, "scale": 2.5}]
    assert planned(f"--sweep_file={written(tmp_path, listed)}", "--sweep.seeds=2,3") == [
        {"scale": scale, "fail": fail, "seeds": seeds}
        for scale, fail in (("1", "false"), ("2.5", "true"))
        for seeds in ("2", "3")
    ]


BAD = [
    ("{", "which is not JSON"),
    ([], "which holds something else; it takes an object"),
    ([1, 2], "which holds something else"),
    ("3", "which holds something else"),
    ({"scal": [1]}, "unknown field 'scal'; did you mean scale"),
    ([{"scale": 1}, {"scal": 2}], "unknown field 'scal'"),
    ({"scale": 1}, "a grid takes a list of values"),
    ({"scale": []}, "a grid takes a list of values"),
    ({"scale": [{"a": 1}]}, "it takes a number, a text or a list"),
    ({"scale": [1, 1]}, "sweep.scale got 1 more than once"),
    ([{"scale": 1}, {"scale": 1}], "the sweep got scale=1 more than once"),
    ([{"scale": 1}, {"scale": 2, "seeds": 3}], "point 2 and the first differ in seeds"),
    ({"seeds": [1, 2]}, "seeds is swept by --sweep.seeds and by --sweep_file"),
    ({"scale": [-1]}, "more than 0"),
    ({"scale": [[1, 2]]}, "takes a number"),
]


@pytest.mark.parametrize("value, words", BAD)
def test_a_bad_file_is_one_sentence_and_writes_nothing(tmp_path, capsys, value, words):
    path = written(tmp_path, value)
    with pytest.raises(SystemExit) as stopped:
        main(tiny.STUDY, [f"--out={tmp_path}/new", "--figure=mean", f"--sweep_file={path}", "--sweep.seeds=2,3"])
    said = capsys.readouterr()
    assert stopped.value.code == 2 and words in said.err, said.err
    assert said.out == "" and said.err.startswith("error: ") and said.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_is_not_there_or_meets_a_set_field(tmp_path):
    with pytest.raises(BadInput, match="which cannot be read"):
        run_study(tiny.STUDY, [f"--sweep_file={tmp_path}/no.json", f"--out={tmp_path}"])
    with pytest.raises(BadInput, match="scale is both set and swept"):
        run_study(tiny.STUDY, [f"--sweep_file={written(tmp_path, {'scale': [1, 2]})}", "--scale=3"])


def test_points_of_a_list_are_collated_along_one_dim(tmp_path):
    points = [{"scale": 1, "seeds": 2}, {"scale": 3, "seeds": 4}]
    arguments = [f"--out={tmp_path}", "--figure=mean", "--preset=smoke", f"--sweep_file={written(tmp_path, points)}"]
    run_study(tiny.STUDY, arguments)
    folder = tmp_path / "tiny/mean"
    data = store.read_dataset(folder / "sweep.nc")
    assert data["variance"].dims == ("point", "size") and data["sweep_scale"].values.tolist() == [1, 3]
    np.testing.assert_allclose(data["variance"].isel(size=0), [0.25, 2.25])
    with pytest.raises(BadInput, match=r"holds another sweep \(2 points of a file over scale, seeds\)"):
        run_study(tiny.STUDY, [*arguments[:3], "--sweep.scale=1,3"])


def test_a_sweep_with_a_failed_point_is_collated_without_it_and_its_state_is_told(tmp_path, capsys):
    """Done, failed and missing cells with reasons, of a sweep and of a plain run; then everything is made and nothing is left."""
    arguments = [f"--out={tmp_path}", "--preset=smoke", "--points=0,1", "--sweep.wrong=1,-1"]
    with pytest.raises(Incomplete, match="mortal/figure wrong=1 was not made: 1 of 2 cells failed"):
        run_study(mortal.STUDY, arguments)
    folder = tmp_path / "mortal/figure"
    whole = store.read_dataset(folder / "sweep.nc")
    assert whole.sizes["point"] == 1 and whole["sweep_wrong"].values.tolist() == [-1]
    (failed,) = tmp_path.rglob("*.failed.json")
    gone = sorted((folder / "sweep/wrong=-1/cells").glob("*.nc"))[0]
    gone.unlink()
    stopped = {"host": os.uname().nodename, "pid": 2**22 + 1, "started": 0.0}
    records.cell_file(folder / "sweep/wrong=-1", gone.stem, ".running").write_text(json.dumps(stopped))
    command.main(["sweep-status", f"--out={tmp_path}"], Registry("experiments"), tmp_path)
    said = capsys.readouterr().out
    head, _, *rows, end = said.splitlines()
    assert head.split() == ["figure", "point", *status.STATES]
    assert [row.split()[1:] for row in rows[:2]] == [["wrong=-1", *"10100"], ["wrong=1", *"10010"]]
    assert (
        f"failed: mortal/figure wrong=1 {failed.name[:20]} (points=1, seeds 0..1): RuntimeError: point 1 is wrong"
        in rows
    )
    assert f"stopped: mortal/figure wrong=-1 {gone.stem} (" in rows[3] and "is gone" in rows[3]
    assert end == "4 cells: 2 done, 1 stopped, 1 failed"


def test_a_cell_that_runs_says_since_when(tmp_path):
    """By the clock of the record, three hours ago on another host, whose process cannot be asked."""
    plan = {"study": "tiny", "figure": "mean", "cells": {"c1": "seeds 0..1", "c2": ""}}
    records.cell_file(tmp_path, records.PLAN, "").parent.mkdir()
    records.cell_file(tmp_path, records.PLAN, "").write_text(json.dumps(plan))
    record = {"host": "elsewhere", "pid": 7, "started": time.time() - 3 * 3600}
    records.cell_file(tmp_path, "c1", ".running").write_text(json.dumps(record))
    *_, running, end = status.status(tmp_path).splitlines()
    assert running == "running: tiny/mean c1 (seeds 0..1): process 7 on elsewhere, for 3.0 h"
    assert end == "2 cells: 1 running, 1 missing"


@pytest.mark.parametrize(
    "arguments, words",
    [(["--out={}/no"], "holds no run"), (["tiny"], "takes --out=DIR alone"), (["--lst"], "unknown flag")],
)
def test_a_bad_question_for_the_state_is_one_sentence(tmp_path, capsys, arguments, words):
    with pytest.raises(SystemExit) as stopped:
        command.main(["sweep-status", *(a.format(tmp_path) for a in arguments)], Registry("experiments"), tmp_path)
    said = capsys.readouterr().err
    assert stopped.value.code == 2 and words in said and said.count("\n") == 1


def tree(folder):
    return {str(p): (p.stat().st_mtime_ns, p.stat().st_size) for p in folder.rglob("*")}


def test_a_dry_run_counts_what_is_done_and_estimates_the_rest(tmp_path, capsys):
    arguments = [f"--out={tmp_path}", "--preset=smoke", "--points=0,1"]
    run_study(mortal.STUDY, [*arguments, "--sweep.wrong=-1"])
    for path in tmp_path.rglob("cells/*.json"):
        if path.name != records.PLAN:
            path.write_text('{"wall_time_seconds": 90}')
    before = tree(tmp_path)
    main(mortal.STUDY, [*arguments, "--sweep.wrong=-1,5,7", "--dry_run", "--overwrite"])
    assert capsys.readouterr().out.splitlines()[2:] == [
        "figure  wrong=-1      2     2      0          -",
        "figure  wrong=5       2     0      2    3.0 min",
        "figure  wrong=7       2     0      2    3.0 min",
        "6 cells, 2 done, 4 to do; estimated cost of the rest: about 6.0 min",
    ]
    main(mortal.STUDY, [*arguments, "--sweep.wrong=-1,5", "--dry_run", "--engine=processes", "--workers=2"])
    assert capsys.readouterr().out.endswith("about 90.0 s with 2 workers\n")
    main(mortal.STUDY, [*arguments[1:], f"--out={tmp_path}/new", "--dry_run"])
    assert capsys.readouterr().out.endswith("2 cells, 0 done, 2 to do; estimated cost of the rest: unknown\n")
    assert tree(tmp_path) == before


def test_a_dry_run_is_refused_as_the_run_would_be(tmp_path):
    arguments = [f"--out={tmp_path}", "--figure=mean", "--preset=smoke"]
    run_study(tiny.STUDY, arguments)
    with pytest.raises(BadInput, match=r"another configuration \(seeds=3 not 4\)"):
        run_study(tiny.STUDY, [*arguments, "--seeds=4", "--dry_run"])
    with pytest.raises(BadInput, match="--plot_only redraws what is stored and takes no --dry_run"):
        run_study(tiny.STUDY, [*arguments, "--plot_only", "--dry_run"])


DRY = """
import sys
from experiments.{0} import STUDY
from mtrl.harness.cli import main
main(STUDY, [*sys.argv[1:], "--dry_run"])
print("jax" in sys.modules)
"""


@pytest.mark.parametrize(
    "study, figure, loads",
    [("continual_statmech", "curve", False), ("multitask_bandits", "linear_ball", True)],
)
def test_a_dry_run_names_the_cells_as_a_run_does(tmp_path, study, figure, loads):
    """A fresh process, where JAX is loaded only if a configuration is checked with it, against this one, where it runs: files under the names
    that this one gives count as done there."""
    study = Registry("experiments").load(study)
    figure = study.figure(figure)
    job = Job(study, figure, figure.configure("smoke", {}), tmp_path / study.name / figure.name)
    for cell in job.cells():
        store.write_dataset(records.cell_file(job.folder, cell.name), xr.Dataset({"x": 1}))
    words = DRY.format(study.name)
    arguments = [f"--out={tmp_path}", f"--figure={figure.name}", "--preset=smoke"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", words, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert f"{len(job.cells())} done, 0 to do; nothing is left but drawing" in done.stdout
    assert done.stdout.splitlines()[-1] == str(loads)


def record(ours, verdict, text="c"):
    return {"claim": text, "ours": ours, "interval": [ours - 1, None], "verdict": verdict, "unit": "m"}


def test_claims_are_drawn_against_the_swept_field_and_never_averaged():
    """Each number at its place, in the colour of the second field; what has no number is left out; the region is shaded."""
    points = [{"a": a, "b": b} for a in ("1", "10", "100") for b in ("x", "y")]
    judged = [(point, [record(float(i), "reproduced" if i else "undecided")]) for i, point in enumerate(points)]
    judged.append(({"a": "1000", "b": "x"}, [{**record(0.0, "undecided"), "ours": None}]))
    with style.house():
        figure = overview.claims(judged, {"c": between(2, 9)}, ["a", "b"])
        (ax,) = figure.axes
        lines = [line for line in ax.lines if line.get_marker() == "None" and len(line.get_xdata()) == 3]
        assert [sorted(line.get_ydata()) for line in lines[:2]] == [[0, 2, 4], [1, 3, 5]]
        assert ax.get_xscale() == "log" and ax.get_ylim()[0] < 0 and ax.get_ylim()[1] > 9
        assert ax.get_xlabel() == "a" and ax.get_ylabel() == "m"
        texts = [text.get_text() for text in figure.legends[0].get_texts()]
        assert texts == ["reproduced", "undecided", "not reproduced", "accepted", "b=x", "b=y"]
        assert overview.claims([(points[0], [])], {}, ["a"]) is None


def test_many_claims_are_named_below_and_texts_are_categories():
    names = [f"claim {i}" for i in range(14)]
    judged = [({"who": who}, [record(1.0, "reproduced", name) for name in names]) for who in ("shared", "own")]
    with style.house():
        figure = overview.claims(judged, dict.fromkeys(names, between(0, 2)), ["who"])
    assert sum(ax.axison for ax in figure.axes) == overview.MOST
    assert figure.axes[0].get_title() == "claim 0" and "claim 12; claim 13" in figure._supxlabel.get_text()
    assert [tick.get_text() for tick in figure.axes[0].get_xticklabels()] == ["shared", "own"]


def test_figures_of_a_sweep_share_their_axes():
    with style.house():
        figures = []
        for top in (1.0, 5.0):
            figure, axes = style.subplots(1, 2)
            axes[0, 0].plot([0, top], [0, top])
            axes[0, 1].imshow(np.eye(2))
            figures.append(figure)
        apart = figures[0].axes[1].get_xlim()
        sheet = overview.contact_sheet(figures, [{"k": "1"}, {"k": "5"}], 3)
    assert figures[0].axes[0].get_ylim() == figures[1].axes[0].get_ylim() and figures[0].axes[0].get_ylim()[1] >= 5
    assert figures[0].axes[1].get_xlim() == apart, "a picture keeps its own"
    assert [ax.get_title() for ax in sheet.axes] == ["k=1", "k=5"]
    assert sheet._supxlabel.get_text() == "the first 2 of 3 points"
