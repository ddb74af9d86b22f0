"""Files: written to a temporary name, fsynced, renamed; validated by a digest of their contents before they are trusted."""

import hashlib
import json
import os
import pathlib
import tempfile
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mtrl.numerics.errors import BadInput

if TYPE_CHECKING:
    import xarray as xr

DIGEST = "content_digest"


def write_atomically(path: pathlib.Path, write: Callable[[pathlib.Path], None]) -> None:
    """Call `write(temporary)` and move the result to `path`; a kill leaves either the old file or the new one, never half of one.

    Raises:
      BadInput: the folder cannot be written.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix)
        os.close(handle)
        temporary = pathlib.Path(name)
        write(temporary)
        with open(temporary, "rb") as file:
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
        temporary = None
        folder = os.open(path.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
    except OSError as error:  # no permission, no such place, read-only, disk full, name too long
        raise BadInput(f"cannot write {path} ({error.strerror}); choose a writable folder with --out") from None
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def write_json(path: pathlib.Path, value: Any) -> None:
    """Write JSON atomically."""
    text = json.dumps(value, indent=2, allow_nan=False) + "\n"
    write_atomically(path, lambda temporary: temporary.write_text(text))


def claim_json(path: pathlib.Path, value: Any) -> Any:
    """Write JSON unless the file exists, in one step, and return what the file says.

    Of several processes that start in the same empty folder at once one wins; the others read what it wrote.
    """
    if not path.exists():
        temporary = path.with_name(f".{path.stem}-{uuid.uuid4().hex}{path.suffix}")
        write_json(temporary, value)
        try:
            os.link(temporary, path)  # unlike a rename, never replaces a file that is there
        except FileExistsError:
            pass
        except OSError:  # a file system without hard links
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    return json.loads(path.read_text())


def content_digest(data: "xr.Dataset") -> str:
    """Digest of names, dims, dtypes and bytes of every variable: the same cell gives the same digest."""
    digest = hashlib.sha256()
    for name in sorted(map(str, data.variables)):
        variable = data.variables[name]
        values = variable.values
        if values.dtype.kind in "OUT":  # text has no fixed bytes
            values = "\0".join(map(str, values.ravel().tolist())).encode()
        else:
            values = values.astype(values.dtype.newbyteorder("<")).tobytes()
        digest.update(f"{name}{variable.dims}{variable.shape}".encode() + values)
    return digest.hexdigest()


def write_dataset(path: pathlib.Path, data: "xr.Dataset") -> None:
    """Write netCDF atomically, with the digest of its contents among the attributes."""
    data = data.assign_attrs({DIGEST: content_digest(data)})
    encoding = {
        name: {"zlib": True, "complevel": 4}
        for name, v in data.data_vars.items()
        if v.ndim and v.dtype.kind in "fiub" and v.size > 64
    }
    write_atomically(path, lambda temporary: data.to_netcdf(temporary, engine="h5netcdf", encoding=encoding))


def read_dataset(path: pathlib.Path) -> "xr.Dataset":
    """Read and validate a file that `write_dataset` made.

    Raises:
      BadInput: the file is missing, unreadable, or its contents do not match its digest.
    """
    import xarray as xr

    if not path.is_file():
        raise BadInput(f"{path} does not exist; run without --plot_only first")
    try:
        with xr.open_dataset(path, engine="h5netcdf") as file:
            data = file.load()
    except (OSError, ValueError, KeyError) as error:
        raise BadInput(f"{path} cannot be read ({type(error).__name__}); delete it and run again") from None
    if data.attrs.get(DIGEST) != content_digest(data):
        raise BadInput(f"{path} does not match its own digest (cut short or edited); delete it and run again")
    return data


def is_valid(path: pathlib.Path) -> bool:
    """Whether `path` holds a complete dataset."""
    try:
        read_dataset(path)
    except BadInput:
        return False
    return True
