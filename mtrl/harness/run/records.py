"""Small files beside the cells that say how far a run is: what was planned, what runs, what failed and why, what a cell took.

None of them decides a result or whether a cell is computed again: a cell is done when its own file is valid.
"""

import contextlib
import json
import os
import pathlib
import socket
import time
from collections.abc import Iterator
from typing import Any

import psutil

from mtrl.harness.run import store
from mtrl.numerics.errors import BadInput

PLAN = "plan.json"
RECORDS = (".running", ".failed.json")


def cell_file(folder: pathlib.Path, name: str, suffix: str = ".nc") -> pathlib.Path:
    """A cell's file: `.nc` the result, `.json` how it was made, `.running` and `.failed.json` while it is not there."""
    return folder / "cells" / f"{name}{suffix}"


def read(path: pathlib.Path) -> dict[str, Any]:
    """A record, or {} where there is none or only the rest of one."""
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


@contextlib.contextmanager
def running(folder: pathlib.Path, name: str) -> Iterator[None]:
    """Inside, the cell is on record as being computed by this process."""
    path = cell_file(folder, name, ".running")
    with contextlib.suppress(OSError):  # a place that takes no file is refused where the result is written
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"host": socket.gethostname(), "pid": os.getpid(), "started": time.time()}))
    try:
        yield
    finally:
        forget(folder, name, ".running")


def failed(folder: pathlib.Path, name: str, reason: str, detail: str = "") -> None:
    """Put on record why a cell is not there, in one sentence, with the traceback for whoever mends the code."""
    with contextlib.suppress(BadInput):
        record = {"reason": reason, "host": socket.gethostname(), "time": time.time(), "traceback": detail}
        store.write_json(cell_file(folder, name, ".failed.json"), record)


def forget(folder: pathlib.Path, name: str, *suffixes: str) -> None:
    """Remove records of a cell."""
    for suffix in suffixes or RECORDS:
        with contextlib.suppress(OSError):
            cell_file(folder, name, suffix).unlink(missing_ok=True)


def is_alive(record: dict[str, Any]) -> bool:
    """Whether the process of a `.running` record may live; of another host that cannot be told, so it counts as alive."""
    if record.get("host") != socket.gethostname():
        return bool(record)
    try:  # a process that is younger than the record has only inherited the number
        return psutil.Process(int(record["pid"])).create_time() < float(record["started"]) + 1
    except (psutil.Error, KeyError, TypeError, ValueError):
        return False


def elsewhere(folder: pathlib.Path, name: str) -> bool:
    """Whether another process is computing the cell, as far as can be told."""
    record = read(cell_file(folder, name, ".running"))
    ours = (record.get("host"), record.get("pid")) == (socket.gethostname(), os.getpid())
    return not ours and is_alive(record)
