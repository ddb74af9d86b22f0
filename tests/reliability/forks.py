"""Runs of the quick study in processes of their own, forked from one that has imported everything and started nothing."""

import multiprocessing
import os
import pathlib
import resource
import sys
import uuid

from tests.reliability import quick

LIMIT = 300.0  # s, for one command


def _command(arguments, log, limit, environment):
    """What `python -m` does, in the forked process; its words go to two files."""
    for number, suffix in ((1, ".out"), (2, ".err")):
        handle = os.open(f"{log}{suffix}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(handle, number)
    os.environ.update(environment)
    if limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    sys.argv = ["tests.reliability.quick", *arguments]
    quick.main(quick.STUDY, arguments)


class Run:
    """A command that has been started; `log` is where its words go, outside of what it writes."""

    def __init__(self, log: pathlib.Path, *arguments: str, limit: int = 0, **environment: str):
        server = multiprocessing.get_context("forkserver")
        server.set_forkserver_preload(["tests.reliability.quick", "jax", "xarray", "h5netcdf", "matplotlib.pyplot"])
        self.log = log / uuid.uuid4().hex
        self.process = server.Process(target=_command, args=(arguments, str(self.log), limit, environment))
        self.process.start()

    def end(self) -> tuple[int, str, str]:
        """Status and both outputs."""
        self.process.join(LIMIT)
        assert self.process.exitcode is not None, f"no end within {LIMIT} s"
        out, err = (pathlib.Path(f"{self.log}{suffix}").read_text() for suffix in (".out", ".err"))
        return self.process.exitcode, out, err

    def well(self) -> None:
        """It ends with status 0."""
        code, _, err = self.end()
        assert code == 0, err[-3000:]

    def sentence(self) -> str:
        """It ends with one sentence and no traceback; returns the sentence."""
        code, _, err = self.end()
        words = [line for line in err.splitlines() if line.startswith("error: ")]
        assert code in (1, 2) and "Traceback" not in err and len(words) == 1, err
        return err


def cells(folder: pathlib.Path) -> list[pathlib.Path]:
    """Finished cells of the sweep."""
    return list(folder.glob("quick/walk/sweep/*/cells/[0-9a-f]*.nc"))


def decided(folder: pathlib.Path) -> dict[str, bytes]:
    """Contents of every file that the configuration decides; what says when, where and how long differs from run to run."""
    told = [p for p in sorted(folder.rglob("*")) if p.is_file() and not p.name.startswith(".")]
    return {
        str(p.relative_to(folder)): p.read_bytes()
        for p in told
        if p.suffix == ".nc" or (p.name not in ("run.json", "plan.json") and p.parent.name != "cells")
    }
