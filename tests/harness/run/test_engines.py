"""Every engine writes the same bytes, survives its workers, names what fails, and leaves no process behind."""

import hashlib
import os
import pathlib
import signal
import subprocess
import sys
import time

import psutil
import pytest

from mtrl.harness.cli import main, run_study
from mtrl.harness.run import carry, engine, on_ray, records, worker
from mtrl.harness.run.engine import Setting, Task
from mtrl.harness.run.produce import Job
from mtrl.numerics.errors import BadInput
from tests.harness import mortal, tiny

ROOT = pathlib.Path(__file__).resolve().parents[3]
PARALLEL = ("processes", "ray")


@pytest.fixture(scope="module")
def ray():
    """One Ray for all tests of this file; the engine uses a connection that is there."""
    with on_ray.connected(Setting(workers=2)) as started:
        yield started


@pytest.fixture
def each(request, monkeypatch):
    """Name of an engine; workers take the promotion of types of users, as their environment says."""
    monkeypatch.setenv("JAX_NUMPY_DTYPE_PROMOTION", "standard")
    if request.param == "ray":
        request.getfixturevalue("ray")
    return request.param


def hashes(folder):
    """Of all that the configuration decides: not of how long a cell took and where."""
    kept = [p for p in folder.rglob("*") if p.is_file() and p.name != "run.json" and p.parent.name != "cells"]
    kept += [*folder.rglob("cells/*.nc"), *folder.rglob("cells/plan.json")]
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in kept}


def jobs(folder):
    """Two points of one study and one of another, seven cells in all."""
    points = [
        Job(tiny.STUDY, tiny.MEAN, tiny.MEAN.configure("smoke", {"scale": scale}), folder / f"mean-{scale}", point="x")
        for scale in (1.0, 2.0)
    ]
    return [*points, Job(mortal.STUDY, mortal.FIGURE, mortal.FIGURE.configure("smoke", {}), folder / "mortal")]


@pytest.mark.parametrize("each", PARALLEL, indirect=True)
def test_every_engine_writes_the_same_bytes(tmp_path, each):
    carry.make_all(jobs(tmp_path / "serial"))
    carry.make_all(jobs(tmp_path / each), engine_name=each, setting=Setting(workers=2))
    want, got = hashes(tmp_path / "serial"), hashes(tmp_path / each)
    assert want == got and sum(name.endswith(".nc") for name in want) == 3 + 7
    made = [records.read(path) for path in (tmp_path / each).rglob("cells/*.json") if path.name != "plan.json"]
    assert len(made) == 7 and all(record["wall_time_seconds"] > 0 and record["device"] for record in made)
    assert not list(tmp_path.rglob("*.running"))


@pytest.mark.parametrize("each", PARALLEL, indirect=True)
def test_a_worker_that_dies_is_reported_and_its_cell_tried_again(tmp_path, capsys, each):
    """Two deaths are survived; three give the cell up, name it, and let the others go on."""
    arguments = [f"--out={tmp_path / each}", "--preset=smoke", f"--mark={tmp_path / 'mark'}", f"--engine={each}"]
    (tmp_path / "mark").write_text("")
    with pytest.raises(SystemExit) as stopped:
        main(mortal.STUDY, [*arguments, "--workers=1", "--retries=2", "--kills=3"])
    said = capsys.readouterr().err
    (failure,) = tmp_path.rglob("*.failed.json")
    cell = failure.name.split(".")[0]
    assert stopped.value.code == 1 and "Traceback" not in said
    assert said.count(f"the worker of cell {cell} of mortal/figure died (") == 2 and "(2 of 2)" in said
    assert f"mortal/figure was not made: 1 of 3 cells failed, {cell} with: its worker died, at 3 attempts" in said
    assert len(list(tmp_path.rglob("cells/*.nc"))) == 2 and "3 attempts" in records.read(failure)["reason"]
    main(mortal.STUDY, [*arguments[:-1], "--kills=3"])
    assert not list(tmp_path.rglob("*.failed.json")) and not list(tmp_path.rglob("*.running"))


@pytest.mark.parametrize("each", ("serial", "ray"), indirect=True)
def test_a_cell_that_fails_is_named_and_the_others_go_on(tmp_path, capsys, each):
    arguments = [f"--out={tmp_path}", "--preset=smoke", "--sweep.wrong=1,-1", f"--engine={each}"]
    with pytest.raises(SystemExit) as stopped:
        main(mortal.STUDY, arguments)
    said = capsys.readouterr()
    (failure,) = tmp_path.rglob("*.failed.json")
    assert stopped.value.code == 1
    assert said.err.splitlines() == [
        f"mortal/figure wrong=1 was not made: 1 of 3 cells failed, {failure.name[:20]} with: RuntimeError: point 1 is wrong",
        "error: not all was made; what is done is kept, and the same command tries the rest again",
    ]
    assert "wrong=-1/figure.png" in said.out and "wrong=1/figure.png" not in said.out
    assert len(list(tmp_path.rglob("cells/*.nc"))) == 5
    assert "point 1 is wrong" in records.read(failure)["traceback"]


def test_input_that_every_worker_refuses_leaves_nothing(tmp_path, capsys):
    """As with the serial engine: one sentence, status 2, no file."""
    arguments = ["--figure=mean", "--preset=smoke", "--fail=true", "--engine=processes", "--workers=1"]
    with pytest.raises(SystemExit) as stopped:
        main(tiny.STUDY, [f"--out={tmp_path}/new", *arguments])
    said = capsys.readouterr().err
    assert stopped.value.code == 2 and said.count("\n") == 1 and "does not exist; give the folder" in said
    assert list(tmp_path.rglob("*")) == []


def test_a_platform_that_no_worker_has_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("JAX_PLATFORMS", "nonsense")
    with pytest.raises(BadInput, match="JAX_PLATFORMS asks for nonsense, which is not there"):
        carry.make_all(jobs(tmp_path)[2:], engine_name="processes", setting=Setting(workers=1))


def test_without_ray_one_sentence_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(BadInput, match=r"needs Ray, which is not installed here; pip install -e '.\[ray\]'"):
        run_study(mortal.STUDY, [f"--out={tmp_path}/new", "--preset=smoke", "--engine=ray"])


@pytest.mark.parametrize(
    ("address", "words"),
    [("node1", "takes HOST:PORT"), ("127.0.0.1:9", "no Ray cluster answers at"), ("127.0.0.1:99999", "no Ray cluster")],
)
def test_an_address_without_a_cluster_is_one_sentence(address, words):
    with pytest.raises(BadInput, match=words), on_ray.connected(Setting(ray_address=address)):
        pass


def test_a_file_that_the_driver_does_not_see_is_a_failure(tmp_path):
    job = jobs(tmp_path)[2]
    cell, *_ = job.cells()
    said = worker.checked(engine.Outcome(0), Task(cell, job.folder))
    assert "must lie on a file system that all nodes share" in said.reason


def test_jobs_of_an_array_share_the_cells(tmp_path):
    """A cell that another process computes comes last, and is not computed where that one has finished it."""
    job = Job(mortal.STUDY, mortal.FIGURE, mortal.FIGURE.configure("smoke", {}), tmp_path)
    cells = job.cells()
    tasks = [Task(cell, tmp_path) for cell in cells]
    engine.register(mortal.STUDY)
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        with records.running(tmp_path, cells[0].name):
            theirs = {**records.read(records.cell_file(tmp_path, cells[0].name, ".running")), "pid": other.pid}
            theirs["started"] = time.time()
            records.cell_file(tmp_path, cells[0].name, ".running").write_text(str(theirs).replace("'", '"'))
            assert [outcome.index for outcome in engine.serial(tasks, Setting())] == [1, 2, 0]
    finally:
        other.communicate(b"\n")
    assert not records.is_alive(theirs), "its process is gone"


@pytest.mark.parametrize("how", [signal.SIGINT, pytest.param(signal.SIGKILL, marks=pytest.mark.reliability)])
def test_no_worker_outlives_the_driver(tmp_path, how):
    """Ctrl-C is one line and status 130; kill -9 leaves the workers nothing to wait for."""
    command = [sys.executable, "-m", "tests.harness.mortal", "--preset=smoke", "--seconds=60", "--engine=processes"]
    process = subprocess.Popen(
        [*command, "--workers=1", f"--out={tmp_path}"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell ignores it in what it starts behind
    )
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and not list(tmp_path.rglob("*.running")):
        time.sleep(0.05)
    (record,) = map(records.read, tmp_path.rglob("*.running"))
    assert records.is_alive(record) and record["pid"] != process.pid
    process.send_signal(how)
    _, said = process.communicate(timeout=60)
    if how == signal.SIGINT:
        assert process.returncode == 130 and said.startswith("stopped; finished cells are kept")
        assert said.count("\n") == 1 and not list(tmp_path.rglob("*.running"))
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and psutil.pid_exists(record["pid"]):
        time.sleep(0.05)
    assert not records.is_alive(record)
