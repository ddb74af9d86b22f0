"""Files: made in memory, written under a temporary name, fsynced, renamed; checked by a digest before they are trusted."""

import errno
import hashlib
import json
import os
import pathlib
import sys
import time
import uuid
from typing import TYPE_CHECKING, Any

from mtrl.numerics.errors import BadInput

if TYPE_CHECKING:
    import xarray as xr

DIGEST = "content_digest"
PART = ".part"  # suffix of a file that is being written
STALE = 3600.0  # seconds after which such a file is taken for the rest of a killed run


def write_bytes(path: pathlib.Path, content: bytes | memoryview) -> None:
    """Write a file in one step: a kill or a full disk leaves either the old file or the new one, never half of one.

    The mode follows the umask, as for any new file.

    Raises:
      BadInput: the file cannot be written; says whether the disk is full, the name too long or the place closed.
    """
    temporary = path.with_name(f".{path.stem[:40]}-{uuid.uuid4().hex}{PART}")
    made = False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        made = True
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        made = False
        _sync_folder(path.parent)
    except OSError as error:
        raise BadInput(_why_not_written(path, error)) from None
    finally:
        if made:
            temporary.unlink(missing_ok=True)


def _sync_folder(folder: pathlib.Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # network file systems that cannot sync a folder
            raise
    finally:
        os.close(handle)


def _why_not_written(path: pathlib.Path, error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return (
            f"cannot write {path}: {error.strerror}; free some space (or raise the limit) and give the same command again, "
            "finished cells are kept"
        )
    if error.errno == errno.ENAMETOOLONG:
        return f"cannot write {path}: {error.strerror}; choose a shorter --out"
    return f"cannot write {path} ({error.strerror}); choose a writable folder with --out"


def remove_leftovers(folder: pathlib.Path) -> None:
    """Remove what killed runs were writing in a folder; files younger than STALE may belong to a run that lives."""
    for path in folder.glob(f".*{PART}") if folder.is_dir() else ():
        try:
            if time.time() - path.stat().st_mtime > STALE:
                path.unlink(missing_ok=True)
        except OSError:  # gone, or another user's
            continue


def write_json(path: pathlib.Path, value: Any) -> None:
    """Write JSON atomically."""
    write_bytes(path, (json.dumps(value, indent=2, allow_nan=False) + "\n").encode())


def claim_json(path: pathlib.Path, value: Any) -> Any:
    """Write JSON unless the file exists, in one step, and return what the file says.

    Of several processes that start in the same empty folder at once one wins; the others read what it wrote.
    """
    if not path.exists():
        temporary = path.with_name(f".{path.stem}-{uuid.uuid4().hex}-claim{PART}")
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
    """Write netCDF atomically, with the digest of its contents among the attributes.

    HDF5 works in memory only: a full disk or a file system without locks is then an error of one write, not of HDF5.
    """
    data = data.assign_attrs({DIGEST: content_digest(data)})
    encoding = {
        name: {"zlib": True, "complevel": 4}
        for name, v in data.data_vars.items()
        if v.ndim and v.dtype.kind in "fiub" and v.size > 64
    }
    write_bytes(path, data.to_netcdf(engine="h5netcdf", encoding=encoding))


def read_dataset(path: pathlib.Path) -> "xr.Dataset":
    """Read and validate a file that `write_dataset` made.

    Raises:
      BadInput: the file is missing, unreadable or cut short, or its contents do not match its digest.
    """
    import xarray as xr

    if not path.is_file():
        raise BadInput(f"{path} does not exist; run without --plot_only first")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path} cannot be read ({error.strerror}); check the file's rights and its disk") from None
    try:
        data = xr.load_dataset(content, engine="h5netcdf")
    except Exception as error:  # whatever HDF5 says of bytes that are not its own
        raise BadInput(
            f"{path} is no complete netCDF file ({type(error).__name__}); run without --plot_only to make it again"
        ) from None
    if data.attrs.get(DIGEST) != content_digest(data):
        raise BadInput(f"{path} does not match its own digest (cut short or edited); delete it and run again")
    return data


def is_valid(path: pathlib.Path, say: bool = False) -> bool:
    """Whether `path` holds a complete dataset; with `say`, a file that does not is reported, since it will be made again."""
    try:
        read_dataset(path)
    except BadInput:
        if say and path.exists():
            print(f"\n{path} is damaged (cut short or edited) and is computed again", file=sys.stderr)
        return False
    return True
