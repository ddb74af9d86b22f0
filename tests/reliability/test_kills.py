"""Killed at random moments, with every engine: what is finished stays, nothing half-written is ever read, and the end is that of an undisturbed run."""

import os
import random
import signal
import time

import pytest

from mtrl.harness.run import records
from mtrl.harness.run.engine import ENGINES
from tests.reliability import quick
from tests.reliability.forks import Run, cells, decided

pytestmark = pytest.mark.reliability
KILLS = 50


def started(run, folder, count):
    """Wait until that many cells are there, or the run has ended."""
    while run.process.is_alive() and len(cells(folder)) < count:
        time.sleep(0.005)


def random_moment(rng, run, folder, before):
    """A quarter of the moments lie where the figures' files are written, the others among the cells."""
    if rng.random() < 0.25:
        started(run, folder, quick.CELLS)
        time.sleep(rng.random() * 1.5)
    else:
        started(run, folder, before + rng.randrange(5))
        time.sleep(rng.random() * 0.1)


def killed(engine, place, whole, count, rng):
    """Kill runs of the sweep until `count` are killed, and let the last go on to its end.

    Returns:
      Kills before the last cell was there, kills after it, and how many sweeps ended.
    """
    early = late = ends = 0
    while early + late < count or not ends:
        folder = place / f"killed{ends}"
        before = {p.name for p in cells(folder)}
        run = Run(place, f"--out={folder}", f"--engine={engine}", *quick.SWEEP)
        if early + late < count:
            random_moment(rng, run, folder, len(before))
        if early + late < count and run.process.is_alive():
            os.kill(run.process.pid, signal.SIGKILL)
            run.process.join()
            left = decided(folder)
            late += len(cells(folder)) == quick.CELLS
            early += len(cells(folder)) < quick.CELLS
            assert before <= {p.name for p in cells(folder)}, "a finished cell is lost"
            assert {name: whole.get(name) for name in left} == left, "a file is not that of an undisturbed run"
            continue
        run.well()
        assert decided(folder) == whole
        ends += 1
    return early, late, ends


@pytest.mark.parametrize("engine", ENGINES)
def test_kill_at_random_moments(engine, tmp_path, say):
    """SIGKILL at random moments of a sweep, the same command again until it ends: all files byte-equal to those of an undisturbed serial run."""
    Run(tmp_path, f"--out={tmp_path}/whole", *quick.SWEEP).well()
    whole = decided(tmp_path / "whole")
    early, late, ends = killed(engine, tmp_path, whole, KILLS, random.Random(engine))
    assert early + late == KILLS and early and ends
    say(
        f"{early + late} kills, {early} before the last cell was there and {late} while the figures' files were written; "
        f"{ends} sweeps of {quick.CELLS} cells finished, {len(whole)} files each byte-equal, none lost, none half-written"
    )


@pytest.mark.parametrize("engine", [name for name in ENGINES if name != "serial"])
def test_worker_killed_mid_cell(engine, tmp_path, say):
    """SIGKILL from outside to three workers, each in the middle of a cell: said, the cells tried again, all files byte-equal to those of a serial run."""
    slow = (*quick.SWEEP, "--pause=0.5")
    Run(tmp_path, f"--out={tmp_path}/whole", *slow).well()
    folder = tmp_path / "out"
    run = Run(tmp_path, f"--out={folder}", f"--engine={engine}", "--workers=2", *slow)
    struck = set()  # cells, one worker each
    while run.process.is_alive() and len(struck) < 3:
        for path in folder.glob("quick/walk/sweep/*/cells/*.running"):
            pid = records.read(path).get("pid")
            if pid and path.stem not in struck and not path.with_suffix(".nc").exists():
                time.sleep(0.1)
                os.kill(pid, signal.SIGKILL)
                struck.add(path.stem)
                break
        time.sleep(0.05)
    code, _, err = run.end()
    assert code == 0 and len(struck) == 3, err
    assert err.count("the cell is tried again") == 3, err
    assert decided(folder) == decided(tmp_path / "whole")
    say(f"{len(struck)} workers of {engine} killed, {len(struck)} times said and tried again, files byte-equal")
