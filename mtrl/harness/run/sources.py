"""Which lines of this project decide a figure: what its run reaches, definition by definition, without words and comments.

An edit of a claim, a drawing, a docstring or a neighbour that is not called leaves stored cells standing; an edit of anything that their
run reaches does not. What draws and judges has a digest of its own.
"""

import functools
import hashlib
import pathlib
import sys
from collections.abc import Callable, Iterator
from typing import Any

from mtrl.harness.run import reach

# The rooms of the harness that decide what a cell holds; the others read flags, judge, draw and publish.
_DECIDING = ("driver.py", "simulation.py", "dataset.py", "config.py", "lanes.py", "run")
# Of the files in `run` those that only name cells, carry them to where they are computed, or say how far they are.
_CARRYING = (
    "carry.py", "compiled.py", "on_ray.py", "processes.py", "progress.py", "provenance.py", "reach.py", "records.py", "sources.py",
    "status.py", "sweep.py", "worker.py",
)  # fmt: skip
_JUDGING = ("judge", "picture")


def decides(path: pathlib.Path) -> bool:
    """Whether a file can decide what a cell holds; of the harness only some can, and what loads modules late cannot."""
    parts = path.relative_to(reach.ROOT).parts
    return parts != ("mtrl", "_later.py") and (
        parts[:2] != ("mtrl", "harness") or (parts[2] in _DECIDING and parts[-1] not in _CARRYING)
    )


def draws(path: pathlib.Path) -> bool:
    """Whether a file can decide a picture or a verdict."""
    parts = path.relative_to(reach.ROOT).parts
    return decides(path) or (parts[:2] == ("mtrl", "harness") and parts[2] in _JUDGING)


def _harness(rooms: Callable[[pathlib.Path], bool]) -> list[str]:
    files = sorted(path for path in (reach.ROOT / "mtrl" / "harness").rglob("*.py") if rooms(path))
    return [".".join(path.relative_to(reach.ROOT).with_suffix("").parts).removesuffix(".__init__") for path in files]


def _imported(module: str) -> str:
    """The name under which a module can be imported: that of `__main__` is what Python was asked to run."""
    spec = sys.modules["__main__"].__spec__ if module == "__main__" else None
    return spec.name if spec else module


def _roots(function: Any) -> Iterator[tuple[str, str]]:
    """Modules and names of a function or a class, or of what a partial is made of."""
    if isinstance(function, functools.partial):
        for part in (function.func, *function.args, *function.keywords.values()):
            yield from _roots(part) if callable(part) else ()
    else:
        yield _imported(function.__module__), function.__qualname__.split(".")[0]


def computing(figure: Any) -> reach.Closure:
    """What decides the data of a `Figure`: its `run`, its configuration and the rooms of the harness that make cells of them."""
    roots = [*_roots(figure.run), *_roots(figure.config), *(_roots(figure.inputs) if figure.inputs else ())]
    return _closure(tuple(roots), decides)


def drawing(figure: Any, study: str) -> reach.Closure:
    """What decides the picture and the verdicts of a `Figure` of the study's module, given its data."""
    roots = list(_roots(figure.draw))
    if (place := reach.room(_imported(figure.module))) is not None:
        roots += [(place.name, name) for name in place.binds if name.startswith("FIGURE")]
    else:
        roots.append((study, ""))
    return _closure(tuple(roots), draws)


@functools.cache
def _closure(roots: tuple[tuple[str, str], ...], rooms: Callable[[pathlib.Path], bool]) -> reach.Closure:
    closure = reach.Closure(rooms, _closure((), rooms) if roots else None)
    for module, name in roots or [(module, "") for module in _harness(rooms)]:
        closure.add(module, name)
    return closure


def computed_by(figure: Any) -> str:
    """Digest of `computing`: data of other lines are never taken for today's."""
    return _digest(computing(figure))


def drawn_by(figure: Any, study: str) -> str:
    """Digest of `drawing`."""
    return _digest(drawing(figure, study))


def _digest(closure: reach.Closure) -> str:
    hashed = hashlib.sha256()
    for name, index in sorted(closure.found):
        hashed.update(f"{name}\0{reach.text(name, index)}\0".encode())
    return hashed.hexdigest()[:16]


def forget() -> None:
    """Read every file again at the next question."""
    reach.forget()
    _closure.cache_clear()
