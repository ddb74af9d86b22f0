"""The engine of the local cores: fresh interpreters, one cell each at a time."""

import collections
import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Generator, Sequence
from multiprocessing.connection import Connection, Pipe, wait
from typing import Any, NamedTuple

from mtrl.harness.run import records, worker
from mtrl.harness.run.devices import CPU_THREADS
from mtrl.harness.run.engine import Outcome, Setting, Task
from mtrl.numerics.errors import BadInput

_CODE = "import sys; from mtrl.harness.run.processes import serve; serve(int(sys.argv[1]))"


class _Worker(NamedTuple):
    process: subprocess.Popen
    pipe: Any  # Connection


def serve(handle: int) -> None:
    """Life of a worker: settings, then cells, until the driver closes the pipe or is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    pipe, waiting = Connection(handle), queue.SimpleQueue[Any]()

    def listen() -> None:
        try:
            while True:
                waiting.put(pipe.recv())
        except (EOFError, OSError):  # also in the middle of a cell: nobody waits for it, and no file is left half
            os._exit(1)

    threading.Thread(target=listen, daemon=True).start()
    try:
        worker.enter(waiting.get())
    except BadInput as error:
        pipe.send(str(error))
    else:
        pipe.send("")
    while True:
        pipe.send(worker.work(*waiting.get()))


def _start(around: worker.Surroundings) -> _Worker:
    ours, theirs = Pipe()
    settings = {"OPENBLAS_NUM_THREADS": "1", "NPROC": str(CPU_THREADS), "PYTHONPATH": os.pathsep.join(around.path)}
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-c", _CODE, str(theirs.fileno())],
            env={**settings, **os.environ, "PYTHONPATH": settings["PYTHONPATH"]},
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the driver, which then ends its workers
        )
    ours.send(around)
    return _Worker(process, ours)


def _how(process: subprocess.Popen) -> str:
    code = process.wait()
    return signal.Signals(-code).name if code < 0 else f"exit status {code}"


def carry(tasks: Sequence[Task], setting: Setting) -> Generator[Outcome, None, None]:
    """Every cell in one of `setting.workers` processes.

    Raises:
      BadInput: no worker can start.
    """
    around = worker.surroundings(tasks[0].cell.x64, plain=True)
    count = min(setting.workers or worker.cores(), len(tasks))
    waiting, losses = collections.deque(range(len(tasks))), worker.Losses(tasks, setting)
    busy: dict[Connection, tuple[_Worker, int | None]] = {}  # index of the task, None while it starts
    unborn = 0

    def begin() -> None:
        new = _start(around)
        busy[new.pipe] = (new, None)

    def hand_on(one: _Worker) -> None:
        if waiting:
            index = waiting.popleft()
            busy[one.pipe] = (one, index)
            with contextlib.suppress(OSError):  # died between two cells: its end of the pipe says so
                one.pipe.send((index, tasks[index]))
        else:
            _end(one)

    try:
        for _ in range(count):
            begin()
        while busy:
            for pipe in wait(list(busy)):
                one, index = busy.pop(pipe)  # pyright: ignore[reportArgumentType]
                try:
                    answer = one.pipe.recv()
                except (EOFError, OSError):
                    how = _how(one.process)
                    one.pipe.close()
                    if index is None:
                        unborn += 1
                        if unborn > setting.retries:
                            raise BadInput(
                                f"the workers of --engine=processes die as they start ({how}); try --engine=serial, which says why"
                            ) from None
                    elif (lost := losses.again(index, how)) is not None:
                        yield lost
                    else:
                        waiting.appendleft(index)
                    if waiting:
                        begin()
                    continue
                if index is None and answer:
                    _end(one)
                    raise BadInput(answer)
                hand_on(one)
                if index is not None:
                    yield worker.checked(answer, tasks[index])
    finally:
        for one, index in busy.values():
            _end(one)
            if index is not None:
                records.forget(tasks[index].folder, tasks[index].cell.name, ".running")


def _end(one: _Worker) -> None:
    one.pipe.close()
    one.process.kill()
    one.process.wait()
