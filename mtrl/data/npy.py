"""NumPy's own files, with every size checked against the file before memory is taken for it; Python objects are never unpickled."""

import io
import math
import zipfile

import numpy as np

from mtrl.numerics.errors import BadInput

from .reading import Path, check_growth, parsing, read_bytes


def read_npy(path: Path) -> np.ndarray:
    """The array of an .npy file.

    Raises:
      BadInput: missing, damaged, or holding Python objects.
    """
    content = read_bytes(path, "a NumPy file (.npy)")
    with parsing(path, "a NumPy file", "write it with numpy.save, or get it again"):
        return _array(path, content)


def read_npz(path: Path) -> dict[str, np.ndarray]:
    """All arrays of an .npz archive, by name.

    Raises:
      BadInput: missing, damaged, holding Python objects, or claiming far more content than it has.
    """
    content = read_bytes(path, "a NumPy archive (.npz)")
    with parsing(path, "an .npz archive", "write it with numpy.savez, or get it again"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            check_growth(path, sum(member.file_size for member in members), len(content))
            return {member.filename.removesuffix(".npy"): _array(path, archive.read(member)) for member in members}


def _array(path: Path, content: bytes) -> np.ndarray:
    stream = io.BytesIO(content)
    version = np.lib.format.read_magic(stream)
    read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, fortran, dtype = read_header(stream)
    if dtype.hasobject:
        raise BadInput(f"{path} holds Python objects; store plain arrays only")
    rest, wanted = len(content) - stream.tell(), math.prod(shape) * dtype.itemsize
    if wanted != rest or min(shape, default=0) < 0:
        raise BadInput(
            f"{path} holds {rest} bytes after its header, but {wanted} were expected for shape {shape}; get it again"
        )
    return np.frombuffer(content, dtype, offset=stream.tell()).reshape(shape, order="F" if fortran else "C")
