"""Files are whole or absent, and are never trusted unread."""

import os

import numpy as np
import pytest
import xarray as xr

from mtrl.harness.run import store
from mtrl.numerics.errors import BadInput


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
    with pytest.raises(BadInput, match="delete it and run again"):
        store.read_dataset(path)


def test_a_failing_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "x.json"
    store.write_json(path, [1])

    def fail(temporary):
        temporary.write_text("half")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        store.write_atomically(path, fail)
    assert path.read_text() == "[\n  1\n]\n" and os.listdir(tmp_path) == ["x.json"]


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


def test_a_full_disk_is_one_sentence(tmp_path):
    def full(temporary):
        raise OSError(28, "No space left on device")

    with pytest.raises(BadInput, match="No space left on device"):
        store.write_atomically(tmp_path / "x", full)
    assert os.listdir(tmp_path) == []


def test_unwritable_place(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="choose a writable folder"):
        store.write_json(tmp_path / "file" / "x.json", 1)


def test_missing(tmp_path):
    with pytest.raises(BadInput, match="does not exist"):
        store.read_dataset(tmp_path / "no.nc")
