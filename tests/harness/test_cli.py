"""The command line: the files of the contract, resume after a kill, sweeps, and one sentence for every bad input."""

import dataclasses
import hashlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from mtrl.harness import BadInput, field, flags
from mtrl.harness.cli import main, run_study
from mtrl.harness.flags import help_text
from mtrl.harness.run import carry, engine, produce, store
from tests.harness import tiny

ROOT = pathlib.Path(__file__).resolve().parents[2]
FILES = {"figure.png", "figure.pdf", "data.nc", "claims.json", "config.json", "run.json"}


def run(*arguments):
    return run_study(tiny.STUDY, list(arguments))


def tree(folder):
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.rglob("*") if p.is_file()
    }


def test_contract_files_and_claims(tmp_path):
    results = run(f"--out={tmp_path}", "--figure=mean", "--preset=smoke")
    folder = tmp_path / "tiny" / "mean"
    assert {p.name for p in folder.iterdir()} == FILES | {"cells"}
    records = json.loads((folder / "claims.json").read_text())
    assert [set(r) for r in records] == [
        {"claim", "kind", "paper", "ours", "interval", "accepts", "verdict", "unit"}
    ] * 2
    assert [r["verdict"] for r in records] == ["undecided", "not reproduced"] or records[0]["verdict"] == "reproduced"
    assert results[0][1] == records
    data = store.read_dataset(folder / "data.nc")
    assert dict(data.sizes) == {"seed": 3, "size": 2}
    assert data["mean"].attrs["units"] == "m"
    assert set(data.attrs) == {"study", "figure", "config", "precision", store.DIGEST}, (
        "what the configuration decides, no more"
    )
    origin = json.loads((folder / "run.json").read_text())
    for name in (
        "git_commit",
        "git_dirty",
        "versions",
        "device",
        "precision",
        "flags",
        "wall_time_seconds",
        "compile_seconds",
        "source_digest",
        "cells",
    ):
        assert name in origin, name
    assert 0 <= origin["compile_seconds"] < origin["wall_time_seconds"]


def test_seed_batches_give_the_same_numbers(tmp_path):
    """Four cells of two seeds and one cell of eight hold the same draws to rounding; widths differ, so bytes may."""
    run(f"--out={tmp_path}/a", "--figure=mean", "--seeds=8")
    run(f"--out={tmp_path}/b", "--figure=mean", "--seeds=8", "--seed_batch=2")
    a, b = (store.read_dataset(tmp_path / x / "tiny" / "mean" / "data.nc") for x in "ab")
    assert len(list((tmp_path / "b" / "tiny" / "mean" / "cells").glob("*.nc"))) == 8
    np.testing.assert_allclose(a["mean"], b["mean"], rtol=1e-12)
    assert np.array_equal(a["seed"], b["seed"])


def test_same_cell_same_bytes_and_resume_touches_nothing(tmp_path):
    run(f"--out={tmp_path}/a", "--figure=mean", "--preset=smoke")
    run(f"--out={tmp_path}/b", "--figure=mean", "--preset=smoke")
    contents = [{p.name: p.read_bytes() for p in (tmp_path / x / "tiny/mean/cells").glob("*.nc")} for x in "ab"]
    assert contents[0] == contents[1]
    before = tree(tmp_path / "a" / "tiny/mean/cells")
    stamps = {p: p.stat().st_mtime_ns for p in (tmp_path / "a" / "tiny/mean/cells").glob("*.nc")}
    run(f"--out={tmp_path}/a", "--figure=mean", "--preset=smoke")
    assert tree(tmp_path / "a" / "tiny/mean/cells") == before
    assert {p: p.stat().st_mtime_ns for p in stamps} == stamps


def test_a_damaged_cell_is_computed_again(tmp_path):
    run(f"--out={tmp_path}", "--figure=mean", "--preset=smoke")
    cells = sorted((tmp_path / "tiny/mean/cells").glob("*.nc"))
    good = store.read_dataset(cells[0]).attrs[store.DIGEST]
    cells[0].write_bytes(cells[0].read_bytes()[:300])
    run(f"--out={tmp_path}", "--figure=mean", "--preset=smoke")
    assert store.read_dataset(cells[0]).attrs[store.DIGEST] == good


def test_the_same_run_elsewhere_gives_the_same_bytes(tmp_path):
    """Where and when it ran stands in run.json alone."""
    for place in "ab":
        run(f"--out={tmp_path}/{place}", "--figure=mean", "--preset=smoke")
    for name in FILES - {"run.json"}:
        assert (tmp_path / "a/tiny/mean" / name).read_bytes() == (tmp_path / "b/tiny/mean" / name).read_bytes(), name


def test_plot_only_and_resume_from_data_nc_alone(tmp_path):
    run(f"--out={tmp_path}/a", "--figure=mean", "--preset=smoke")
    (tmp_path / "b/tiny/mean").mkdir(parents=True)
    shutil.copy(tmp_path / "a/tiny/mean/data.nc", tmp_path / "b/tiny/mean")
    run(f"--out={tmp_path}/b", "--figure=mean", "--plot_only")
    assert (tmp_path / "a/tiny/mean/figure.png").read_bytes() == (tmp_path / "b/tiny/mean/figure.png").read_bytes()
    (tmp_path / "c/tiny/mean").mkdir(parents=True)
    shutil.copy(tmp_path / "a/tiny/mean/data.nc", tmp_path / "c/tiny/mean")
    with pytest.raises(ValueError, match=r"another configuration \(seeds=3 not 4\)"):
        run(f"--out={tmp_path}/c", "--figure=mean", "--preset=smoke", "--seeds=4")
    for place in "bc":  # beside a picture or alone
        run(f"--out={tmp_path}/{place}", "--figure=mean", "--preset=smoke")
        assert FILES <= {p.name for p in (tmp_path / place / "tiny/mean").iterdir()}


def test_plot_only_redraws_the_same_files(tmp_path):
    run(f"--out={tmp_path}", "--figure=mean", "--preset=smoke")
    before = tree(tmp_path)
    (tmp_path / "tiny/mean/figure.png").unlink()
    (tmp_path / "tiny/mean/claims.json").unlink()
    run(f"--out={tmp_path}", "--figure=mean", "--plot_only")
    assert tree(tmp_path) == before


def test_a_killed_process_resumes(tmp_path):
    """SIGKILL in the middle loses at most the running cell: the finished ones are kept byte for byte and the result is the same."""
    command = [
        sys.executable,
        "-m",
        "tests.harness.tiny",
        "--figure=mean",
        "--seeds=200",
        "--seed_batch=2",
        f"--out={tmp_path}/a",
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    cells = tmp_path / "a" / "tiny" / "mean" / "cells"
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and len(list(cells.glob("[0-9a-f]*.nc")) if cells.is_dir() else []) < 3:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    finished = {p: p.read_bytes() for p in cells.glob("[0-9a-f]*.nc") if store.is_valid(p)}
    assert 3 <= len(finished) < 200, f"{len(finished)} of 200 cells were finished when it was killed"
    assert not (tmp_path / "a/tiny/mean/data.nc").exists()
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    assert {p: p.read_bytes() for p in finished} == finished
    run(f"--out={tmp_path}/b", "--figure=mean", "--seeds=200", "--seed_batch=100")
    resumed, whole = (store.read_dataset(tmp_path / x / "tiny/mean/data.nc") for x in "ab")
    np.testing.assert_allclose(resumed["mean"], whole["mean"], rtol=1e-12)


def test_sweep_is_a_grid_with_a_collated_dataset_and_an_overview(tmp_path):
    run(f"--out={tmp_path}", "--figure=mean", "--preset=smoke", "--sweep.scale=1,2", "--sweep.seeds=2,3,4")
    folder = tmp_path / "tiny" / "mean"
    data = store.read_dataset(folder / "sweep.nc")
    assert data["variance"].dims[:2] == ("sweep_scale", "sweep_seeds")
    np.testing.assert_allclose(data["variance"].isel(sweep_seeds=0, size=0), [0.25, 1.0])
    assert (
        np.isnan(data["mean"].sel(sweep_seeds=2, seed=3)).all()
        and np.isfinite(data["mean"].sel(sweep_seeds=4, seed=3)).all()
    )
    assert all((folder / name).is_file() for name in ("sweep.png", "sweep.pdf", "sweep_figures.png"))
    assert FILES <= {p.name for p in (folder / "sweep" / "scale=1,seeds=2").iterdir()}


def test_a_sweep_over_long_lists_has_short_folders(tmp_path):
    """No file system takes a name of more than 255 bytes."""
    run(f"--out={tmp_path}", "--figure=mean", "--preset=smoke", f"--sweep.sizes={','.join(map(str, range(2, 80)))};8")
    names = [p.name for p in (tmp_path / "tiny/mean/sweep").iterdir()]
    assert len(names) == 2 and all(len(name) <= 100 for name in names) and "sizes=8" in names
    assert store.read_dataset(tmp_path / "tiny/mean/sweep.nc").sizes["sweep_sizes"] == 2


def test_a_place_with_too_long_a_name_is_refused_before_anything_runs(tmp_path):
    with pytest.raises(ValueError, match="File name too long.*another --out"):
        run(f"--out={tmp_path}/{'x' * 300}", "--figure=mean", "--preset=smoke")
    with pytest.raises(ValueError, match="File name too long.*another --out"):
        run(f"--out={tmp_path}/{'x' * 300}", "--figure=mean", "--preset=smoke", "--dry_run")
    assert list(tmp_path.iterdir()) == []


def test_tilde_is_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    run("--out=~/there", "--figure=mean", "--preset=smoke")
    assert (tmp_path / "there/tiny/mean/figure.png").is_file()


@pytest.mark.parametrize("value, words", [(np.inf, "overflows to infinity"), (np.nan, "NaN throughout")])
def test_a_result_that_says_nothing_is_refused_and_not_stored(tmp_path, value, words):
    def meaningless(config, seeds):
        return tiny.run_mean(config, seeds) * value

    figure = dataclasses.replace(tiny.MEAN, run=meaningless)
    with pytest.raises(ValueError, match=f"tiny/mean: the result 'mean'.*{words}"):
        run_study(dataclasses.replace(tiny.STUDY, figures=(figure,)), [f"--out={tmp_path}/o", "--preset=smoke"])
    assert list(tmp_path.iterdir()) == []
    if np.isnan(value):
        figure = dataclasses.replace(figure, optional=("mean",), claims=())
        run_study(dataclasses.replace(tiny.STUDY, figures=(figure,)), [f"--out={tmp_path}/o", "--preset=smoke"])


def test_sweep_over_lists(tmp_path):
    run(f"--out={tmp_path}", "--figure=mean", "--preset=smoke", "--sweep.sizes=2,4;8,16")
    assert store.read_dataset(tmp_path / "tiny/mean/sweep.nc").sizes["sweep_sizes"] == 2


def test_precision_is_part_of_the_cell(tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [
        sys.executable,
        "-m",
        "tests.harness.tiny",
        "--figure=mean",
        "--preset=smoke",
        "--x64=false",
        f"--out={tmp_path}",
    ]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    data = store.read_dataset(tmp_path / "tiny/mean/data.nc")
    assert data.attrs["precision"] == "float32" and data["mean"].dtype == np.float32
    with pytest.raises(ValueError, match="another configuration"):
        run(f"--out={tmp_path}", "--figure=mean", "--preset=smoke")


BAD = [
    (["--figur=mean"], "did you mean --figure"),
    (["--figure=men"], "did you mean mean"),
    (["--preset=quik"], "did you mean quick"),
    (["--engine=rray"], "unknown engine"),
    (["--scale=-1"], "more than 0"),
    (["--scale=wide"], "takes a number"),
    (["--seeds=1.5"], "whole number"),
    (["--sizes=4,x"], "whole number"),
    (["--sizes="], "empty list"),
    (["mean"], "unexpected argument"),
    (["--plot_only=perhaps"], "cannot read the flags"),
    (["--plot_only"], "does not exist"),
    (["--plot_only", "--scale=2"], "takes no --scale"),
    (["--figure=bandit", "--scale=2"], "belongs to other figures"),
    (["--sweep.scale=1,2", "--scale=2"], "both set and swept"),
    (["--sweep.scale=1,2", "--sweep.epsilon=0.1"], "no single figure"),
    (["--sweep.scale=1,-2"], "more than 0"),
    (["--sweep.scal=1,2"], "did you mean --sweep.scale"),
    (["--sweep.scale=1,1"], "sweep.scale got 1 more than once"),
    (["--sizes=4,4"], "sizes got 4 more than once"),
    (["--first_seed=5000000000"], "at most 4293967295"),
    (["--seeds=99999999999"], "at most 1000000"),
    (["--engine=proceses"], "did you mean processes"),
    (["--workers=-1"], "is not a non-negative integer"),
    (["--workers=2"], "--workers is for --engine=processes or ray"),
    (["--ray_address=auto"], "--ray_address is for --engine=ray"),
    (["--figure=train", "--rounds=100000000"], "GiB of memory"),
    (["--figure=mean", "--fail=true"], "does not exist; give the folder"),
]


@pytest.mark.parametrize("arguments, words", BAD)
def test_bad_input_is_one_sentence_and_writes_nothing(tmp_path, capsys, arguments, words):
    with pytest.raises(SystemExit) as stopped:
        main(tiny.STUDY, [f"--out={tmp_path}/new", *arguments])
    printed = capsys.readouterr()
    assert stopped.value.code == 2
    assert (
        printed.out == ""
        and printed.err.startswith("error: ")
        and printed.err.count("\n") == 1
        and "Traceback" not in printed.err
    )
    assert words in printed.err
    assert list(tmp_path.rglob("*")) == [], "bad input wrote something"


def test_results_of_another_configuration_are_safe(tmp_path):
    run(f"--out={tmp_path}", "--figure=mean", "--preset=smoke")
    before = tree(tmp_path)
    with pytest.raises(ValueError, match=r"another configuration \(seeds=3 not 4\).*--overwrite"):
        run(f"--out={tmp_path}", "--figure=mean", "--seeds=4", "--preset=smoke")
    assert tree(tmp_path) == before
    run(f"--out={tmp_path}", "--figure=mean", "--seeds=4", "--preset=smoke", "--overwrite")
    assert store.read_dataset(tmp_path / "tiny/mean/data.nc").sizes["seed"] == 4


def test_more_seeds_keep_the_cells_that_are_done(tmp_path):
    arguments = [f"--out={tmp_path}", "--figure=mean", "--seed_batch=2"]
    run(*arguments, "--seeds=4")
    cells = tmp_path / "tiny/mean/cells"
    stamps = {p: p.stat().st_mtime_ns for p in cells.glob("*.nc")}
    run(*arguments, "--seeds=6", "--overwrite")
    assert {p: p.stat().st_mtime_ns for p in stamps} == stamps and len(list(cells.glob("*.nc"))) == 6


def test_a_replacement_that_was_stopped_is_not_drawn_under_the_new_configuration(tmp_path):
    run(f"--out={tmp_path}", "--figure=mean", "--preset=smoke")
    config = tmp_path / "tiny/mean/config.json"
    config.write_text(config.read_text().replace('"seeds": 3', '"seeds": 4'))  # what a kill during --overwrite leaves
    with pytest.raises(ValueError, match="of another configuration than config.json"):
        run(f"--out={tmp_path}", "--figure=mean", "--plot_only")


def test_two_processes_that_start_in_one_folder(tmp_path, monkeypatch):
    """The folder goes to the first to finish a cell; the other is refused and changes nothing of the result."""
    monkeypatch.setattr(produce, "prepare", lambda job, overwrite: None)  # both saw an empty folder
    ours, theirs = (
        produce.Job(tiny.STUDY, tiny.MEAN, tiny.MEAN.configure("smoke", {"seeds": n}), tmp_path / "mean")
        for n in (3, 4)
    )
    carry.make_all([ours])
    before = (tmp_path / "mean/data.nc").read_bytes(), (tmp_path / "mean/config.json").read_bytes()
    with pytest.raises(ValueError, match=r"another configuration \(seeds=3 not 4\)"):
        carry.make_all([theirs])
    assert before == ((tmp_path / "mean/data.nc").read_bytes(), (tmp_path / "mean/config.json").read_bytes())


def test_an_edited_data_file_is_computed_again(tmp_path):
    """The contents of what a figure reads are part of its cells' names, so that no result of an older file is taken for today's."""
    file = tmp_path / "data.csv"
    figure = dataclasses.replace(tiny.MEAN, inputs=lambda config: [file])
    job = produce.Job(tiny.STUDY, figure, figure.configure("smoke", {}), tmp_path / "mean")
    names = []
    for text in ("1", "1", "2"):
        file.write_text(text)
        names.append([cell.name for cell in job.cells()])
    assert names[0] == names[1] and not set(names[0]) & set(names[2])


class FileConfig(tiny.MeanConfig):
    """A figure that reads what a field names and lists no inputs of its own."""

    data_dir: str = field("", help="folder of files", path=True)


def test_what_lies_below_a_path_field_is_part_of_the_cell(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    figure = dataclasses.replace(tiny.MEAN, config=FileConfig)
    config = figure.configure("smoke", {"data_dir": "~/data"})
    assert config.data_dir == f"{tmp_path}/data"
    (tmp_path / "data/deep").mkdir(parents=True)
    (tmp_path / "data/a").write_text("1")
    names = []
    for file, text in (("a", "1"), ("a", "2"), ("deep/b", "3")):
        (tmp_path / "data" / file).write_text(text)
        names.append({cell.name for cell in produce.Job(tiny.STUDY, figure, config, tmp_path / "o").cells()})
    assert names[0] != names[1] != names[2] != names[0]


def test_compiler_flags_of_the_environment_are_part_of_the_cell(tmp_path, monkeypatch):
    job = produce.Job(tiny.STUDY, tiny.MEAN, tiny.MEAN.configure("smoke", {}), tmp_path)
    before = [cell.name for cell in job.cells()]
    monkeypatch.setenv("XLA_FLAGS", "--xla_cpu_enable_fast_math=true")
    assert not set(before) & {cell.name for cell in job.cells()}


def test_another_sweep_is_not_overwritten(tmp_path):
    arguments = [f"--out={tmp_path}", "--figure=mean", "--preset=smoke"]
    run(*arguments, "--sweep.scale=1,2")
    before = tree(tmp_path)
    with pytest.raises(ValueError, match=r"holds another sweep \(--sweep.scale=1,2\)"):
        run(*arguments, "--sweep.scale=1,3")
    assert tree(tmp_path) == before


def test_interrupt_is_one_sentence(tmp_path, capsys, monkeypatch):
    def stop(*a):
        raise KeyboardInterrupt

    monkeypatch.setattr(engine, "run_cell", stop)
    with pytest.raises(SystemExit) as stopped:
        main(tiny.STUDY, [f"--out={tmp_path}", "--figure=mean"])
    assert stopped.value.code == 130 and capsys.readouterr().err.startswith("stopped; ")


def test_a_place_where_nothing_can_be_made():
    """Even root cannot make a folder in /proc, where the permission bits promise it."""
    with pytest.raises(ValueError, match="choose a writable folder"):
        produce.check_writable(pathlib.Path("/proc/nothing"))


def test_a_folder_with_other_files_is_refused(tmp_path):
    folder = tmp_path / "tiny" / "mean"
    folder.mkdir(parents=True)
    (folder / "thesis.tex").write_text("years of work")
    with pytest.raises(ValueError, match="not empty"):
        run(f"--out={tmp_path}", "--figure=mean", "--preset=smoke")
    assert tree(tmp_path) == {"tiny/mean/thesis.tex": hashlib.sha256(b"years of work").hexdigest()}


def test_out_that_is_a_file(tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(ValueError, match="is a file, not a folder"):
        run(f"--out={tmp_path}/out", "--preset=smoke")


def test_unwritable_out(monkeypatch, tmp_path):
    """The suite may run as root, to whom everything is writable, so the answer of the system is given here."""
    monkeypatch.setattr(os, "access", lambda *a, **k: False)
    with pytest.raises(ValueError, match="choose a writable folder"):
        run(f"--out={tmp_path}", "--preset=smoke")


def test_help_names_every_field():
    text = help_text(tiny.STUDY)
    for name in ("--sizes", "--epsilon", "--seeds", "--preset", "standard deviation of a draw [m]"):
        assert name in text


def test_flags_as_absl_users_write_them(tmp_path):
    """With a space, with one dash, from a flag file: the same options."""
    want = flags.parse(tiny.STUDY, ["--figure=mean", "--preset=smoke", "--seeds=3", "--sweep.seeds=2,3"][:3])
    (tmp_path / "flags").write_text("--figure=mean\n--preset=smoke\n# a remark\n--seeds=3\n")
    for given in (
        ["--figure", "mean", "--preset", "smoke", "--seeds", "3"],
        ["-figure=mean", "-preset=smoke", "-seeds=3"],
        [f"--flagfile={tmp_path / 'flags'}"],
    ):
        assert flags.parse(tiny.STUDY, given) == want
    with pytest.raises(BadInput, match="unexpected argument 'mean'"):
        flags.parse(tiny.STUDY, ["mean"])
    swept = flags.parse(tiny.STUDY, ["--figure", "bandit", "--sweep.epsilon", "0,1", "-sweep.rounds=5,6"])
    assert swept.sweep.fields == ["epsilon", "rounds"]


def test_help_of_one_figure_shows_its_values_and_presets(capsys):
    main(tiny.STUDY, ["--figure=bandit", "--help"])
    page = capsys.readouterr().out
    assert "An online algorithm" in page and "--rounds: rounds: 5 | 50 | 50" in page and "--sizes" not in page


def test_the_number_in_the_paper_is_an_alias():
    assert flags.parse(tiny.STUDY, ["--figure=F1"]).figures == ("bandit",)
    with pytest.raises(BadInput, match="did you mean F1"):
        flags.parse(tiny.STUDY, ["--figure=F11"])
