"""Compiled programs kept between runs: JAX's persistent cache, in the user's cache folder."""

import contextlib
import hashlib
import os
import pathlib
import platform
import sys
import uuid
import warnings

from mtrl.numerics.errors import BadInput

OFF = "off"
LARGEST = 2 * 2**30  # bytes; of more, what was written first goes
_FOLDER, _ENABLED = "JAX_COMPILATION_CACHE_DIR", "JAX_ENABLE_COMPILATION_CACHE"
_LEAST = "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"
_EVENTS = ("/jax/core/compile/jaxpr_to_mlir_module_duration", "/jax/core/compile/backend_compile_duration")
_spent: list[float] = []


def _machine() -> str:
    """Of the processor's kind: machine code of one may not run on another, and a home folder is often shared."""
    words = [platform.machine(), platform.processor()]
    with contextlib.suppress(OSError):
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
        words += [line for line in lines if line.startswith(("flags", "Features", "model name"))][:2]
    return hashlib.sha256("\n".join(words).encode()).hexdigest()[:12]


def default_folder() -> pathlib.Path:
    """`$XDG_CACHE_HOME/mtrl/jax/<kind of processor>`, where the variable's default is `~/.cache`."""
    home = os.environ.get("XDG_CACHE_HOME", "")
    base = pathlib.Path(home) if home.startswith("/") else pathlib.Path("~/.cache").expanduser()
    return base / "mtrl" / "jax" / _machine()


def _usable(folder: pathlib.Path) -> bool:
    """Whether files can be made there, by making one."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe-{uuid.uuid4().hex}"
        probe.touch()
        probe.unlink()
    except OSError:
        return False
    return True


def seconds() -> float:
    """What this process has spent on lowering and compiling since the first call; a program that was kept is only loaded."""
    if not _spent:
        import jax

        def note(event: str, duration_secs: float, **_: str | int) -> None:
            _spent[0] += duration_secs if event in _EVENTS else 0.0

        _spent.append(0.0)
        jax.monitoring.register_event_duration_secs_listener(note)
    return _spent[0]


def _shrink(folder: pathlib.Path) -> None:
    """Remove the oldest programs of a cache above `LARGEST`; other processes that miss them compile anew."""
    with contextlib.suppress(OSError):
        files = sorted((path.stat().st_mtime, path.stat().st_size, path) for path in folder.glob("*-cache"))
        total = sum(size for _, size, _ in files)
        for _, size, path in files:
            if total <= LARGEST:
                break
            path.unlink(missing_ok=True)
            total -= size


def start(choice: str = "") -> None:
    """Choose the cache of this process and, through the environment, of its workers.

    Args:
      choice: a folder; "off" for none; "" leaves it to JAX_COMPILATION_CACHE_DIR where that is set, else takes `default_folder`, or
        no cache where nothing can be written there.

    Raises:
      BadInput: nothing can be written in the folder that was asked for.
    """
    if choice == OFF:
        os.environ[_ENABLED] = "false"
    elif choice:
        folder = pathlib.Path(choice).expanduser().absolute()
        if not _usable(folder):
            raise BadInput(f"--compilation_cache got {choice}, where nothing can be written; give a folder, or {OFF}")
        os.environ[_FOLDER] = str(folder)
    elif _FOLDER not in os.environ and os.environ.get(_ENABLED, "").lower() not in ("false", "0", "no"):
        folder = default_folder()
        if not _usable(folder):
            return
        _shrink(folder)
        os.environ[_FOLDER] = str(folder)
        os.environ.setdefault(_LEAST, "0.1")
    # An entry cut short by a kill fails its checksum, is reported by JAX at every run, and does no harm.
    warnings.filterwarnings("ignore", message="Error (reading|writing) persistent compilation cache entry")
    if "jax" in sys.modules:  # it has read the environment already
        import jax

        enabled = os.environ.get(_ENABLED, "true").lower() in ("true", "1", "yes")
        jax.config.update("jax_enable_compilation_cache", enabled)
        jax.config.update("jax_compilation_cache_dir", os.environ.get(_FOLDER))
