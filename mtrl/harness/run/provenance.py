"""Where a result came from: commit, versions, device, precision."""

import functools
import hashlib
import importlib.metadata
import os
import pathlib
import platform
import subprocess
from collections.abc import Sequence
from typing import Any

from mtrl.harness.run import devices

ROOT = pathlib.Path(__file__).resolve().parents[3]
_PACKAGES = ("jax", "jaxlib", "flax", "optax", "numpy", "scipy", "xarray")


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=True, timeout=20
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()


@functools.cache
def versions() -> str:
    """Of the packages that decide numbers."""
    return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _PACKAGES)


@functools.cache
def provenance() -> dict[str, Any]:
    """Commit and dirty flag, package versions, device and precision of this process; flat, for dataset attributes."""
    import jax

    return {
        "git_commit": _git("rev-parse", "HEAD") or "unknown",
        "git_dirty": int(bool(_git("status", "--porcelain", "--untracked-files=no", "--", ":!figures"))),
        "versions": versions(),
        "python": platform.python_version(),
        "device": f"{jax.device_count()} x {jax.local_devices()[0].device_kind}",
        "precision": str(jax.dtypes.canonicalize_dtype(float)),
        "flags": devices.compiler_flags(),
    }


def inputs_digest(source: str, files: Sequence[str | os.PathLike]) -> str:
    """`source` joined with the contents of the data files a run reads: cells of an edited file are never taken for today's."""
    if not files:
        return source
    digest = hashlib.sha256(source.encode())
    for path in map(pathlib.Path, files):
        try:
            stamp = path.stat()
            digest.update(path.name.encode() + b"\0" + _file_digest(path, stamp.st_size, stamp.st_mtime_ns))
        except OSError:  # `run` refuses it with its own sentence
            digest.update(b"unreadable")
    return digest.hexdigest()[:16]


@functools.lru_cache(maxsize=64)
def _file_digest(path: pathlib.Path, size: int, stamp: int) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
