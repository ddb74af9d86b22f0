"""Engines at the size of use: the same bytes, a cluster of several nodes one of which is lost, and what starting costs."""

import contextlib
import hashlib
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

import psutil
import pytest

from mtrl.harness.gallery.registry import Registry
from tests.harness.run.test_compiled import compilations
from tests.reliability import quick
from tests.reliability.conftest import ROOT, python

pytestmark = pytest.mark.reliability

# 32 cells each: four points of eight cells.
SWEEPS = {
    "rmt_regression": ("--figure=alignment", "--preset=smoke", "--seeds=8", "--seed_batch=2", "--sweep.gamma=0.5,1,2,4"),
    "critical_periods": ("--figure=pathways", "--preset=smoke", "--seeds=16", "--seed_batch=2", "--sweep.lr=0.005,0.01,0.015,0.02"),
}  # fmt: skip


def hashes(folder):
    """Of all that the configuration decides."""
    kept = [p for p in folder.rglob("*") if p.is_file() and p.name != "run.json" and p.parent.name != "cells"]
    kept += [*folder.rglob("cells/*.nc"), *folder.rglob("cells/plan.json")]
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in kept}


def test_64_cells_of_two_studies_under_every_engine(tmp_path, say):
    """Sweeps of two studies, 64 cells, as a user starts them: all files of the same hashes under serial, processes and Ray."""
    found, took = {}, {}
    for engine in (["--engine=serial"], ["--engine=processes", "--workers=2"], ["--engine=ray", "--workers=2"]):
        name = engine[0].removeprefix("--engine=")
        began = time.monotonic()
        for study, arguments in SWEEPS.items():
            done = python("-m", f"experiments.{study}", *arguments, *engine, f"--out={tmp_path / name}")
            assert done.returncode == 0, done.stderr
        took[name] = time.monotonic() - began
        found[name] = hashes(tmp_path / name)
    cells = sum("/cells/" in name and name.endswith(".nc") for name in found["serial"])
    assert cells == 64 and found["serial"] == found["processes"] == found["ray"]
    times = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in took.items())
    say(f"{cells} cells, {len(found['serial'])} files of equal hashes under all three; {times} with 2 workers")


def free_port():
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return place.getsockname()[1]


def users():
    """The environment of a user of a cluster whose nodes share a token."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("JAX_", "XLA_", "RAY_"))}
    shared = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "5ec7e7" * 8, "RAY_USAGE_STATS_ENABLED": "0"}
    return {**plain, **shared, "JAX_PLATFORMS": "cpu", "PYTHONPATH": str(ROOT)}


@contextlib.contextmanager
def cluster(tmp_path):
    """Two nodes of one processor each on loopback; yields (address, first node's programs, second node's)."""
    ray = pathlib.Path(sys.executable).with_name("ray")
    environment = users()
    port = free_port()
    here = ["--num-cpus=1", "--disable-usage-stats", "--node-ip-address=127.0.0.1"]
    first = [ray, "start", "--head", f"--port={port}", "--include-dashboard=false", *here]
    started: list[list[psutil.Process]] = []

    def start(command):
        before = {p.pid for p in psutil.process_iter()}
        done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=180)
        assert done.returncode == 0, done.stdout + done.stderr
        new = [p for p in psutil.process_iter() if p.pid not in before]
        started.append([p for p in new if "ray" in " ".join(_words(p))])
        return started[-1]

    try:
        head = start(first)
        yield f"127.0.0.1:{port}", head, start([ray, "start", f"--address=127.0.0.1:{port}", *here])
    finally:
        for program in [program for node in started for program in node]:
            with contextlib.suppress(psutil.Error):
                program.kill()


def _words(process):
    with contextlib.suppress(psutil.Error):
        return process.cmdline()
    return []


def test_a_ray_cluster_of_two_nodes_one_of_which_is_lost(tmp_path, say):
    """`ray start` twice on loopback, a sweep over both, the second node killed in the middle: the files of a serial run."""
    sweep = [*quick.SWEEP, "--pause=0.5"]
    assert python("-m", "tests.reliability.quick", *sweep, f"--out={tmp_path}/serial").returncode == 0
    with cluster(tmp_path) as (address, _, second):
        at_once, parents = 0, set()
        command = [sys.executable, "-m", "tests.reliability.quick", *sweep, f"--out={tmp_path}/cluster"]
        run = subprocess.Popen(
            [*command, "--engine=ray", f"--ray_address={address}"],
            cwd=ROOT,
            env=users(),
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        killed = 0
        while run.poll() is None:
            running = list((tmp_path / "cluster").rglob("*.running"))
            at_once = max(at_once, len(running))
            for path in running:
                with contextlib.suppress(OSError, ValueError, KeyError, psutil.Error):
                    parents.add(psutil.Process(int(path.read_text().split('"pid": ')[1].split(",")[0])).ppid())
            done = len(list((tmp_path / "cluster").rglob("cells/*.nc")))
            if not killed and done >= 8 and len(parents) == 2 and len(running) == 2:
                killed = done
                for program in second:
                    with contextlib.suppress(psutil.Error):
                        program.send_signal(signal.SIGKILL)
            time.sleep(0.02)
        said = run.communicate()[1]
    assert run.returncode == 0 and killed, said
    assert len(parents - {1}) == 2 and at_once == 2, "both nodes worked"
    assert hashes(tmp_path / "serial") == hashes(tmp_path / "cluster")
    say(
        f"{quick.CELLS} cells over 2 nodes, the second killed after {killed}; {said.count('is tried again')} cells tried again, "
        f"{len(hashes(tmp_path / 'serial'))} files of equal hashes"
    )


def test_no_study_compiles_a_program_twice(tmp_path, say):
    """Every figure of every study at smoke, in a fresh process each study with an empty cache: none of the driver's programs is found there."""
    programs, ours, again, seen = 0, 0, 0, []
    for study in Registry("experiments").studies():
        figures = [f"{study.name}/{figure.name}" for figure in study.figures]
        light = {"XLA_FLAGS": os.environ["XLA_FLAGS"]}
        each, of_driver, twice = compilations(tmp_path / study.name, *figures, **light)
        programs, ours, again = programs + each, ours + of_driver, again + len(twice)
        if count := twice.count("jit(run)"):
            seen.append(f"{study.name}: {count}")
    say(
        f"{programs} programs compiled, {ours} of them by the driver; {again} compiled again, of the driver's {seen or 'none'}"
    )
    assert not seen


def test_import_takes_less_than_a_second_and_a_half(say):
    """`import mtrl` and the harness in fresh processes, best of three by the processor's clock; neither loads JAX."""
    words = "import time, sys; b = time.process_time(); import {}; print(time.process_time() - b, 'jax' in sys.modules)"
    took = {}
    for name in ("mtrl", "mtrl.harness", "experiments.rmt_regression"):
        runs = [python("-c", words.format(name)).stdout.split() for _ in range(3)]
        assert {jax for _, jax in runs} == {"False"}
        took[name] = min(float(seconds) for seconds, _ in runs)
    say(", ".join(f"import {name} {seconds:.2f} s" for name, seconds in took.items()))
    assert max(took.values()) < 1.5
