"""One cell again and again, on one core and on two: the same bits."""

import pathlib
import sys

import pytest

from tests.reliability.conftest import python

pytestmark = pytest.mark.reliability
RERUNS = 10  # on each number of cores
ASKED = [
    "linear_representation",
    "exact_heads",
]  # factorisations and products over seeds on two devices, and descent of many steps


def compute(folder: pathlib.Path, study: str, name: str) -> None:
    """The first cell of a figure's smoke run, into a folder."""
    import importlib

    from mtrl.harness.run import devices, engine, produce

    devices.start()
    figure = (found := importlib.import_module(f"experiments.{study}").STUDY).figure(name)
    cell = produce.Job(found, figure, figure.configure("smoke", {}), folder).cells()[0]
    engine.run_cell(cell, folder)


def test_reruns_are_bit_identical(tmp_path, say):
    """A cell computed by ten processes on one core and by ten on two (taskset), each compiling anew."""
    from mtrl.harness.run import store

    digests = []
    for cores in ("0", "0,1"):
        for number in range(RERUNS):
            folder = tmp_path / f"{cores}-{number}"
            done = python("-m", "tests.reliability.test_bits", str(folder), *ASKED, prefix=("taskset", "-c", cores))
            assert done.returncode == 0, done.stderr[-2000:]
            (file,) = folder.rglob("*.nc")
            digests.append(store.read_dataset(file).attrs[store.DIGEST])
    assert len(set(digests)) == 1
    say(f"{len(digests)} processes, 1 digest ({digests[0][:12]}) of {'/'.join(ASKED)}")


if __name__ == "__main__":
    compute(pathlib.Path(sys.argv[1]), *sys.argv[2:])
