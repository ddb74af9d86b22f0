"""What the environment asks for is there, or is refused in one sentence; what it may not change stays. Seeds over many devices and processes."""

import os
import pathlib
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from mtrl.harness import flags
from mtrl.harness.cli import run_study
from mtrl.harness.run import cluster, store
from mtrl.numerics.errors import BadInput
from tests.harness import tiny

ROOT = pathlib.Path(__file__).resolve().parents[3]
DRAW = """
from mtrl.harness.run import devices
devices.start()
import jax
print(jax.random.normal(jax.random.key(1), (3,)).tolist(), jax.config.jax_default_matmul_precision)
"""


def python(*arguments, **environment):
    plain = {name: value for name, value in os.environ.items() if not name.startswith("JAX_")}
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, cwd=ROOT, env={**plain, **environment}
    )


def test_a_platform_that_is_not_there_is_one_sentence(tmp_path):
    done = python("-m", "tests.harness.tiny", "--preset=smoke", f"--out={tmp_path}/o", JAX_PLATFORMS="nonsense")
    assert done.returncode == 2 and done.stdout == "" and done.stderr.count("\n") == 1, done.stderr
    assert "JAX_PLATFORMS asks for nonsense, which is not there" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_settings_of_the_environment_change_no_draw():
    ambient = {
        "JAX_DEFAULT_PRNG_IMPL": "rbg",
        "JAX_THREEFRY_PARTITIONABLE": "false",
        "JAX_RANDOM_SEED_OFFSET": "7",
        "JAX_DEFAULT_MATMUL_PRECISION": "bfloat16",
        "JAX_ENABLE_X64": "false",
    }
    plain, changed = (python("-c", DRAW, JAX_PLATFORMS="cpu", **settings).stdout for settings in ({}, ambient))
    assert plain == changed and plain.endswith("None\n")


def test_devices_of_a_process_that_had_used_jax_are_part_of_the_cell():
    words = "from mtrl.harness.run import devices; devices.start(); print([devices.compiler_flags()])"
    plain = {"JAX_PLATFORMS": "cpu", "XLA_FLAGS": ""}
    first, late = (python("-c", before + words, **plain).stdout for before in ("", "import jax; jax.devices(); "))
    assert (first, late) == ("['']\n", "['cpu_devices=1']\n")


GRID = ["--figure=bandit", "--preset=smoke", "--rounds=5", "--sweep.seeds=7,8"]


def results(folder):
    """Everything that the configuration decides, by place."""
    return {
        p.relative_to(folder): p for p in sorted(folder.rglob("*")) if p.name in ("data.nc", "sweep.nc", "claims.json")
    }


def test_eight_devices_give_the_same_numbers_under_other_names(tmp_path):
    """Two devices here, eight there: 8 seeds one by one, 7 by seven. Equal up to rounding, in cells named otherwise."""
    run_study(tiny.STUDY, [f"--out={tmp_path}/two", *GRID])
    settings = {"JAX_PLATFORMS": "cpu", "JAX_NUM_CPU_DEVICES": "8"}
    done = python("-m", "tests.harness.tiny", f"--out={tmp_path}/eight", *GRID, **settings)
    assert done.returncode == 0, done.stderr
    two, eight = results(tmp_path / "two"), results(tmp_path / "eight")
    assert two.keys() == eight.keys() and len(two) == 5
    for place in two:
        if place.suffix == ".nc":
            a, b = store.read_dataset(two[place]), store.read_dataset(eight[place])
            for name in a.data_vars:
                np.testing.assert_allclose(a[name], b[name], rtol=1e-12, atol=1e-12)
    stamps = (tmp_path / "eight/tiny/bandit/sweep/seeds=8/run.json").read_text()
    assert 'cpu_devices=8"' in stamps and '"device": "8 x cpu"' in stamps
    names = [{p.stem for p in (tmp_path / place).rglob("cells/*.nc")} for place in ("two", "eight")]
    assert len(names[0]) == len(names[1]) == 2 and not names[0] & names[1]


def free_port():
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return place.getsockname()[1]


def together(*arguments, folder, count=2, **environment):
    """What `count` processes with one device each did, as (status, stdout, stderr)."""
    port = free_port()

    def one(number):
        place = ["--distributed", f"--coordinator=127.0.0.1:{port}", f"--processes={count}", f"--process_id={number}"]
        settings = {"JAX_PLATFORMS": "cpu", "JAX_NUM_CPU_DEVICES": "1", **environment}
        return python("-m", "tests.harness.tiny", f"--out={folder}/{number}", *place, *arguments, **settings)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_two_processes_give_the_bytes_of_one(tmp_path):
    """One device each, where this process has two: the same cells by name, the same bytes, written by process 0 alone; 7 seeds leave it all."""
    first, second = together(*GRID, folder=tmp_path)
    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    assert "figure.png" in first.stdout and "figure.png" not in second.stdout
    assert not (tmp_path / "1").exists()
    run_study(tiny.STUDY, [f"--out={tmp_path}/alone", *GRID])
    ours, theirs = results(tmp_path / "0"), results(tmp_path / "alone")
    assert ours.keys() == theirs.keys() and len(ours) == 5
    for place in ours:
        assert ours[place].read_bytes() == theirs[place].read_bytes(), place
    names = [{p.stem for p in (tmp_path / place).rglob("cells/*.nc")} for place in ("0", "alone")]
    assert names[0] == names[1]


HERE = ["--distributed", "--coordinator=localhost:1234", "--processes=2", "--process_id=1"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (HERE[1:], "are for --distributed; add it"),
        (HERE[:2], "together, or none on SLURM"),
        ([*HERE, "--process_id=2"], "--process_id got 2, allowed is 0 to 1"),
        ([*HERE, "--processes=0"], "--processes got 0, allowed is at least 1"),
        ([*HERE, "--coordinator=localhost"], "--coordinator got localhost, allowed is HOST:PORT"),
        ([*HERE, "--coordinator=localhost:70000"], "allowed is HOST:PORT"),
        ([*HERE, "--plot_only"], "takes no --plot_only"),
        ([*HERE, "--processes=two"], "cannot read the flags"),
    ],
)
def test_a_bad_place_among_processes_is_refused(arguments, words):
    with pytest.raises(BadInput, match=words):
        flags.parse(tiny.STUDY, arguments)


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (cluster.Place("nowhere.invalid:1234", 2, 1), "cannot be used"),
        (cluster.Place("127.0.0.1:9", 2, 1), "no process answers at --coordinator=127.0.0.1:9 after 0 s"),
    ],
)
def test_a_coordinator_that_does_not_answer_is_refused(monkeypatch, place, words):
    """JAX would abort the process."""
    monkeypatch.setattr(cluster, "PATIENCE", 0.2)
    with pytest.raises(BadInput, match=words):
        cluster.join(place)


def test_a_taken_port_is_refused():
    with socket.socket() as taken:
        taken.bind(("", 0))
        taken.listen()
        with pytest.raises(BadInput, match="Address already in use"):
            cluster.join(cluster.Place(f"localhost:{taken.getsockname()[1]}", 2, 0))
