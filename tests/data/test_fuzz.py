"""Damaged files: whatever is cut, flipped or claimed, a reader returns arrays or says one sentence, and takes little memory."""

import gzip
import io
import struct
import tracemalloc
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.io import savemat

from mtrl.data import load_labelled, read_csv_series, read_idx, read_movielens, read_npy, read_tasks, read_ts
from mtrl.data.mnist_idx import IMAGES_MAGIC
from mtrl.numerics.errors import BadInput

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(40, 3)), RNG.normal(size=40)


def saved(save, *arguments, **keywords):
    stream = io.BytesIO()
    save(stream, *arguments, **keywords)
    return stream.getvalue()


def cells(arrays):
    out = np.empty((1, len(arrays)), object)
    out[0, :] = arrays
    return out


CELLS = {"X": cells([X[:15], X[15:]]), "y": cells([Y[:15, None], Y[15:, None]])}
IDX = struct.pack(">IIII", IMAGES_MAGIC, 5, 8, 8) + bytes(range(64)) * 5
GOOD = {
    "series.csv": "\n".join(["date,a,OT", *(f"2020-01-{d:02d},{d / 3},{d}" for d in range(1, 29))]).encode(),
    "table.csv": "\n".join(["task,y,x", *(f"{i % 3},{i / 7},{-i}" for i in range(30))]).encode(),
    "set.ts": b"@problemName p\n@data\n" + b"1,2,3:4,5,6:0.5\n" * 9,
    "table.arff": b"@relation r\n@attribute k {A,B}\n@attribute x numeric\n@attribute y numeric\n@data\n"
    + b"A,1,2\n" * 9,
    "plain.mat": saved(savemat, CELLS),
    "packed.mat": saved(savemat, CELLS, do_compression=True),
    "long.mat": saved(savemat, {"x": X.T, "y": Y[:, None], "task_indexes": np.array([[1], [20]])}),
    "tasks.npz": saved(np.savez, X=X, y=Y, task=np.arange(40) // 10),
    "packed.npz": saved(np.savez_compressed, X=X, y=np.arange(40) % 2, task=np.arange(40) // 10),
    "array.npy": saved(np.save, X),
    "ratings.dat": b"1::1193::5::978300760\n2::661::3.5::978302109\n"
    + b"".join(b"%d::7::4::9\n" % i for i in range(3, 9)),
    "images": IDX,
    "images.gz": gzip.compress(IDX),
}
READERS = {
    "series.csv": read_csv_series, "set.ts": read_ts, "packed.npz": load_labelled, "array.npy": read_npy,
    "images": lambda path: read_idx(path, IMAGES_MAGIC), "images.gz": lambda path: read_idx(path, IMAGES_MAGIC),
    "table.arff": lambda path: read_tasks(path, outputs=1), "ratings.dat": read_movielens,
}  # fmt: skip


@st.composite
def damages(draw, content):
    """A file with a few bytes changed, cut out, doubled or set to a huge count, or cut short."""
    data = bytearray(content)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(len(data) - 1, 0)))
        kind = draw(st.sampled_from(["flip", "byte", "cut", "drop", "double", "huge", "empty"]))
        if kind == "flip" and data:
            data[at] ^= 1 << draw(st.integers(0, 7))
        elif kind == "byte" and data:
            data[at] = draw(st.integers(0, 255))
        elif kind == "cut":
            del data[at:]
        elif kind == "drop":
            del data[at : at + draw(st.integers(1, 16))]
        elif kind == "double":
            data[at:at] = data[at : at + draw(st.integers(1, 64))]
        elif kind == "huge":
            data[at : at + 4] = draw(
                st.sampled_from([b"\xff\xff\xff\xff", b"\x00\x00\x00\x7f", b"\x7f\xff\xff\xff", b"9999"])
            )
        elif draw(st.booleans()):
            data = bytearray()
    return bytes(data)


@pytest.mark.parametrize("name", GOOD)
def test_the_undamaged_file_is_read(tmp_path, name):
    (tmp_path / name).write_bytes(GOOD[name])
    assert READERS.get(name, read_tasks)(tmp_path / name) is not None


@pytest.mark.parametrize("name", GOOD)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_file_is_one_sentence_at_most(tmp_path, name, data):
    content = data.draw(damages(GOOD[name]))
    path = tmp_path / name
    path.write_bytes(content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tracemalloc.start()
        try:
            READERS.get(name, read_tasks)(path)
        except BadInput as error:
            assert "\n" not in str(error) and name in str(error)
        finally:
            taken = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
    assert taken < 10 * len(content) + 2**22, f"{taken} bytes for a file of {len(content)}"
