"""Disks that are full or closed, two runs in one folder, files that were cut or edited."""

import os
import pathlib
import subprocess

import pytest

from mtrl.harness.run import store
from tests.reliability import quick
from tests.reliability.forks import Run, cells, decided

pytestmark = pytest.mark.reliability


@pytest.fixture
def whole(tmp_path):
    """What an undisturbed run writes."""
    Run(tmp_path, f"--out={tmp_path}/whole", *quick.SWEEP).well()
    return decided(tmp_path / "whole")


def test_disk_full(tmp_path, whole, say):
    """No file may grow above a limit, which the system refuses as a full disk does: one sentence, earlier cells intact; without the limit, the same command ends."""
    folder = tmp_path / "out"
    sizes = sorted(len(content) for name, content in whole.items() if "/cells/" in name)
    limits = (1000, sizes[0] + 1, sizes[-1] + 1)
    for limit in limits:
        words = Run(tmp_path, f"--out={folder}", *quick.SWEEP, limit=limit).sentence()
        assert "cannot write" in words and "File too large; free some space" in words
        kept = decided(folder) if folder.exists() else {}
        assert {name: whole[name] for name in kept} == kept
    Run(tmp_path, f"--out={folder}", *quick.SWEEP).well()
    assert decided(folder) == whole
    say(f"{len(limits)} limits, one sentence each, no damaged file; then finished byte-equal")


def test_read_only_output(tmp_path, say):
    """A folder in which nothing can be made (by its rights; for root by its immutable flag, or in /proc): one sentence, nothing written."""
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o500)
    root = os.getuid() == 0
    flagged = root and not subprocess.run(["chattr", "+i", str(folder)], capture_output=True).returncode
    place = folder if flagged or not root else pathlib.Path("/proc/fs")
    try:
        words = Run(tmp_path, f"--out={place}/deep", *quick.SWEEP).sentence()
    finally:
        if flagged:
            subprocess.run(["chattr", "-i", str(folder)], check=True)
    assert "choose a writable folder" in words and list(folder.iterdir()) == []
    say(f"one sentence, nothing written ({'immutable folder' if flagged else 'rights' if not root else '/proc'})")


def test_two_runs_into_one_folder(tmp_path, whole, say):
    """Started at the same time in one empty folder: both end well with the files of one; of two configurations one is refused in one sentence."""
    rounds = 5
    for number in range(rounds):
        folder = tmp_path / f"out{number}"
        for run in [Run(tmp_path, f"--out={folder}", *quick.SWEEP) for _ in range(2)]:
            run.well()
        assert decided(folder) == whole
    for number in range(rounds):
        odd = f"--out={tmp_path}/odd{number}", "--figure=walk", "--seeds=4"
        pair = [Run(tmp_path, *odd, f"--scale={scale}") for scale in (1, 2)]
        refused = [run for run in pair if run.end()[0]]
        assert len(refused) == 1 and "another configuration" in refused[0].sentence()
    say(
        f"{rounds} pairs of equal runs all ended well, byte-equal to one run; of {rounds} unequal pairs one run each was refused in one sentence"
    )


def test_damaged_cell(tmp_path, whole, say):
    """A cell's file emptied, cut, with a byte changed, or with a number edited under its old digest: reported, computed again, byte-equal."""
    folder = tmp_path / "whole"
    path = min(cells(folder))
    good = path.read_bytes()

    def cut(tenths):
        path.write_bytes(good[: len(good) * tenths // 10])

    def flip(tenths):
        at = len(good) * tenths // 10
        path.write_bytes(good[:at] + bytes([good[at] ^ 255]) + good[at + 1 :])

    def edit(number):
        data = store.read_dataset(path)
        digest = data.attrs[store.DIGEST]
        data["end"][0, 0, 0] = number
        data.assign_attrs({store.DIGEST: digest}).to_netcdf(path, engine="h5netcdf")

    damages = [(cut, 0), (cut, 1), (cut, 5), (cut, 9), (flip, 3), (flip, 6), (edit, 5.0)]
    for damage, how in damages:
        damage(how)
        code, _, err = Run(tmp_path, f"--out={folder}", *quick.SWEEP).end()
        assert code == 0 and f"{path} is damaged" in err and err.count("is damaged") == 1, err
        assert decided(folder) == whole
    say(f"{len(damages)} damages, each reported in one line and mended byte-equal")
