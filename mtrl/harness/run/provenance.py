"""Where a result came from: commit, versions, device, precision."""

import ast
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
        "git_dirty": int(bool(_git("status", "--porcelain", "--untracked-files=no"))),
        "versions": versions(),
        "python": platform.python_version(),
        "device": f"{jax.device_count()} x {jax.local_devices()[0].device_kind}",
        "precision": str(jax.dtypes.canonicalize_dtype(float)),
        "flags": devices.compiler_flags(),
    }


# The rooms of the harness that decide what a cell holds; the others read flags, judge, draw and publish.
_DECIDING = ("driver.py", "simulation.py", "dataset.py", "config.py", "study.py", "run")
# Of the files in `run` those that only carry cells to where they are computed, or say how far they are.
_CARRYING = (
    "carry.py",
    "compiled.py",
    "on_ray.py",
    "processes.py",
    "progress.py",
    "records.py",
    "status.py",
    "sweep.py",
    "worker.py",
)


def _decides(path: pathlib.Path) -> bool:
    parts = path.relative_to(ROOT).parts
    return parts[:2] != ("mtrl", "harness") or (parts[2] in _DECIDING and parts[-1] not in _CARRYING)


def source_files(module: str, drawing: bool = False) -> list[pathlib.Path]:
    """Files of this project that importing `module` and running its cells reaches, wherever in them the imports stand.

    Args:
      module: of a study.
      drawing: also what judges and draws, which no cell depends on.
    """
    found: set[pathlib.Path] = set()
    waiting = [module, "mtrl.harness.run.engine", "mtrl.harness.simulation"]  # loaded by name
    seen = set(waiting)
    while waiting:
        parts = waiting.pop().split(".")
        for depth in range(1, len(parts) + 1):  # a package's own file runs before what is in it
            place = ROOT.joinpath(*parts[:depth])
            for path in (place.with_suffix(".py"), place / "__init__.py"):
                if path.is_file() and path not in found and (drawing or _decides(path)):
                    found.add(path)
                    new = (
                        _imports(path, tuple(parts[:depth] if path.name == "__init__.py" else parts[: depth - 1]))
                        - seen
                    )
                    seen |= new
                    waiting += new
    return sorted(found)


@functools.cache
def _imports(path: pathlib.Path, package: tuple[str, ...]) -> frozenset[str]:
    """Names of what a file imports; of a name from a module, both the module and the name, which may be a module itself."""
    names = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = ".".join([*package[: len(package) + 1 - node.level], *filter(None, [node.module])])
            base = base if node.level else node.module or ""
            names |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
    return frozenset(names)


@functools.cache
def source_digest(module: str, drawing: bool = False) -> str:
    """Digest of every source that a study's module reaches: cells computed by other sources are never taken for today's."""
    digest = hashlib.sha256()
    for path in source_files(module, drawing):
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


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
