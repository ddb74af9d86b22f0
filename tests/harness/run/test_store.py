"""Files are whole or absent, and are never trusted unread."""

import errno
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
import xarray as xr

from mtrl.harness.run import store
from mtrl.numerics.errors import BadInput

ROOT = pathlib.Path(__file__).resolve().parents[3]


def example():
    return xr.Dataset(
        {"risk": (("seed", "task"), np.arange(200.0).reshape(100, 2))}, coords={"task": ["a", "b"]}, attrs={"k": 1}
    )


def test_round_trip(tmp_path):
    path = tmp_path / "deep" / "data.nc"
    store.write_dataset(path, example())
    assert store.read_dataset(path)["risk"].equals(example()["risk"])
    assert store.is_valid(path)


def test_same_contents_same_digest_whatever_the_attributes():
    assert store.content_digest(example()) == store.content_digest(example().assign_attrs(wall=3))
    assert store.content_digest(example()) != store.content_digest(example() + 1e-16 + 1e-12)


def test_the_same_numbers_under_other_dims_are_other_contents():
    square = np.arange(4.0).reshape(2, 2)
    one, other = (xr.Dataset({"risk": (dims, square)}) for dims in (("seed", "task"), ("task", "seed")))
    assert store.content_digest(one) != store.content_digest(other)


@pytest.mark.parametrize("damage", ["cut", "flip", "empty"])
def test_damaged_files_are_refused(tmp_path, damage):
    path = tmp_path / "data.nc"
    store.write_dataset(path, example())
    if damage == "flip":
        data = store.read_dataset(path)
        digest = data.attrs[store.DIGEST]
        data["risk"][0, 0] = 5.0
        data.assign_attrs({store.DIGEST: digest}).to_netcdf(path, engine="h5netcdf")
    else:
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2] if damage == "cut" else b"")
    assert not store.is_valid(path)
    advice = "delete it and run again" if damage == "flip" else "is no complete netCDF file.*run without --plot_only"
    with pytest.raises(BadInput, match=advice):
        store.read_dataset(path)


def test_a_failing_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "x.json"
    store.write_json(path, [1])

    def fail(handle):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(BadInput, match="Input/output error"):
        store.write_json(path, [2])
    assert path.read_text() == "[\n  1\n]\n" and os.listdir(tmp_path) == ["x.json"]


@pytest.mark.parametrize("mask, mode", [(0o077, 0o600), (0o002, 0o664), (0o022, 0o644)])
def test_modes_follow_the_umask(tmp_path, mask, mode):
    before = os.umask(mask)
    try:
        store.write_json(tmp_path / "x.json", 1)
        store.claim_json(tmp_path / "y.json", 1)
    finally:
        os.umask(before)
    assert {(tmp_path / name).stat().st_mode & 0o777 for name in ("x.json", "y.json")} == {mode}


def test_what_killed_runs_left_is_swept_but_not_what_is_being_written(tmp_path):
    for name in (".old-1.part", ".new-2.part", ".hidden", "data.part"):
        (tmp_path / name).write_text("")
        os.utime(tmp_path / name, (0, 0) if "new" not in name else None)
    store.remove_leftovers(tmp_path)
    assert sorted(os.listdir(tmp_path)) == [".hidden", ".new-2.part", "data.part"]


def test_the_first_claim_of_a_name_stands(tmp_path):
    path = tmp_path / "config.json"
    assert store.claim_json(path, {"a": 1}) == {"a": 1}
    assert store.claim_json(path, {"a": 2}) == {"a": 1} and os.listdir(tmp_path) == ["config.json"]


def test_a_claim_that_loses_the_race_changes_nothing(tmp_path, monkeypatch):
    """Another process claims the name between our look and our write: its file stands and is what we read."""
    path, write = tmp_path / "config.json", store.write_json

    def overtaken(temporary, value):
        write(temporary, value)
        path.write_text('{"a": "theirs"}')

    monkeypatch.setattr(store, "write_json", overtaken)
    assert store.claim_json(path, {"a": "ours"}) == {"a": "theirs"}
    assert path.read_text() == '{"a": "theirs"}' and os.listdir(tmp_path) == ["config.json"]


SMALL_DISK = """
import resource, sys
import numpy as np, xarray as xr
from mtrl.harness.run import store
from mtrl.numerics.errors import BadInput
noise = xr.Dataset({"x": ("seed", np.random.default_rng(0).normal(size=20_000))})
store.write_json(__import__("pathlib").Path(sys.argv[1]) / "earlier.json", 1)
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
try:
    store.write_dataset(__import__("pathlib").Path(sys.argv[1]) / "data.nc", noise)
except BadInput as error:
    sys.exit(str(error))
"""


def test_a_disk_that_is_really_full_is_one_sentence(tmp_path):
    """No file may grow above 60 kB: the system refuses the write as a full disk does. Whole files stay, halves go."""
    done = subprocess.run([sys.executable, "-c", SMALL_DISK, str(tmp_path)], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 1 and done.stderr.count("\n") == 1, done.stderr
    assert "cannot write" in done.stderr and "free some space" in done.stderr
    assert os.listdir(tmp_path) == ["earlier.json"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_or_quota(tmp_path, monkeypatch, number):
    def full(*arguments):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BadInput, match=f"{os.strerror(number)}; free some space"):
        store.write_json(tmp_path / "x", 1)
    assert os.listdir(tmp_path) == []


def test_hdf5_opens_no_file(tmp_path, monkeypatch):
    """So that file systems without locks, and locks held by others, do not matter."""
    import fcntl

    def none(*arguments):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", none)
    path = tmp_path / "data.nc"
    store.write_dataset(path, example())
    with path.open("rb") as held:
        monkeypatch.undo()
        fcntl.flock(held, fcntl.LOCK_EX)
        assert store.is_valid(path)


def test_unwritable_place(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="choose a writable folder"):
        store.write_json(tmp_path / "file" / "x.json", 1)


def test_missing(tmp_path):
    with pytest.raises(BadInput, match="does not exist"):
        store.read_dataset(tmp_path / "no.nc")
