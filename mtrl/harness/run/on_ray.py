"""The engine of a cluster: Ray Core tasks, on this machine or wherever `--ray_address` leads."""

import contextlib
import logging
import os
import pickle
import secrets
import socket
import sys
import typing
import warnings
from collections.abc import Generator, Iterator, Sequence
from typing import Any

from mtrl.harness.run import records, worker
from mtrl.harness.run.devices import CPU_THREADS
from mtrl.harness.run.engine import Outcome, Setting, Task
from mtrl.numerics.errors import BadInput

_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_DISABLE_IMPORT_WARNING": "1",
}


def _ray(local: bool) -> Any:
    """Ray, without telemetry and messages of its own; one that starts here takes commands only from this process, by a secret of its own.

    Raises:
      BadInput: it is not installed.
    """
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    if (
        local and "RAY_AUTH_MODE" not in os.environ and "ray" not in sys.modules
    ):  # else Ray writes one into the user's home
        os.environ.update(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=secrets.token_hex(32))
    try:
        import ray
    except ImportError:
        raise BadInput(
            "--engine=ray needs Ray, which is not installed here; pip install -e '.[ray]', or choose --engine=processes"
        ) from None
    logging.getLogger("ray").setLevel(logging.CRITICAL)
    return ray


def _reach(address: str) -> None:
    """Refuse an address where nothing answers: Ray itself would ask for a quarter of an hour.

    Raises:
      BadInput: it is no HOST:PORT, or nobody listens there.
    """
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdigit():
        raise BadInput(f"--ray_address got {address}, but takes HOST:PORT as `ray start --head` prints it, or auto")
    try:
        socket.create_connection((host, int(port)), timeout=10).close()
    except (OSError, OverflowError) as error:
        words = getattr(error, "strerror", None) or str(error)
        raise BadInput(
            f"no Ray cluster answers at --ray_address={address} ({words}); start one there with `ray start --head`"
        ) from None


@contextlib.contextmanager
def connected(setting: Setting) -> Iterator[Any]:
    """Ray, connected to the cluster or started here; a connection that was there before stays.

    Raises:
      BadInput: there is no Ray, or nothing answers at the address, or it has no processors.
    """
    if setting.ray_address not in ("", "auto"):
        _reach(setting.ray_address)
    ray = _ray(local=not setting.ray_address)
    mine = not ray.is_initialized()
    if mine:
        here: dict[str, Any] = {"address": "local", "include_dashboard": False}
        here |= {"num_cpus": setting.workers or worker.cores()}
        there = {"address": setting.ray_address}
        try:
            with warnings.catch_warnings():
                warnings.simplefilter(
                    "ignore", RuntimeWarning
                )  # JAX's, of the fork by which Ray starts its own programs
                ray.init(**(there if setting.ray_address else here), log_to_driver=False, logging_level="CRITICAL")
        except Exception as error:  # Ray has many, and documents none
            words = (str(error).splitlines() or [type(error).__name__])[0]
            where = f"connect to {setting.ray_address}" if setting.ray_address else "start on this machine"
            raise BadInput(f"Ray cannot {where} ({words}); see --ray_address, or choose --engine=processes") from None
    try:
        if ray.cluster_resources().get("CPU", 0) < 1:
            raise BadInput("the Ray cluster has no processors to give; start its nodes with ray start --num-cpus=N")
        yield ray
    finally:
        if mine:
            ray.shutdown()


def _remote(ray: Any) -> Any:
    """The task as Ray carries it: pickled by value, so that a node needs no other way to find this project than the path it is told."""

    @typing.no_type_check  # a checked function could not be pickled by value
    def enter_and_work(path: list[str], threads: int, message: bytes) -> bytes:
        import os
        import sys

        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        os.environ.setdefault("NPROC", str(threads))
        sys.path[:0] = [place for place in path if place not in sys.path]
        from mtrl.harness.run.worker import entered_work

        return entered_work(message)

    return ray.remote(max_retries=0)(enter_and_work)


def carry(tasks: Sequence[Task], setting: Setting) -> Generator[Outcome, None, None]:
    """Every cell as one task of Ray: on one processor, and on one GPU where the cluster has any.

    Raises:
      BadInput: there is no Ray, or it cannot start or be reached.
    """
    with connected(setting) as ray:
        cpu_alone = os.environ.get("JAX_PLATFORMS") == "cpu"
        gpus = 0 if cpu_alone else int(ray.cluster_resources().get("GPU", 0) >= 1)
        around = worker.surroundings(tasks[0].cell.x64, plain=not gpus)
        remote, losses = _remote(ray).options(num_cpus=1, num_gpus=gpus), worker.Losses(tasks, setting)
        waiting, flying = list(range(len(tasks)))[::-1], {}

        def launch() -> None:
            while waiting and len(flying) < (setting.workers or len(tasks)):
                index = waiting.pop()
                message = pickle.dumps((around, index, tasks[index]))
                flying[remote.remote(around.path, CPU_THREADS, message)] = index

        try:
            launch()
            while flying:
                (done, *_), _ = ray.wait(list(flying), num_returns=1)
                index = flying.pop(done)
                outcome = _answer(ray, done, index, losses)
                if outcome is None:
                    waiting.append(index)
                launch()
                if outcome is not None:
                    yield worker.checked(outcome, tasks[index])
        finally:
            for reference, index in flying.items():
                with contextlib.suppress(Exception):
                    ray.cancel(reference, force=True)
                records.forget(tasks[index].folder, tasks[index].cell.name, ".running")


def _answer(ray: Any, reference: Any, index: int, losses: worker.Losses) -> Outcome | None:
    """What a task says; None of one that is to be tried again since its worker died."""
    try:
        return pickle.loads(ray.get(reference))
    except ray.exceptions.RayTaskError as error:  # the project is not on that node, say
        words = str(error.cause).splitlines()[0] if str(error.cause) else type(error.cause).__name__
        return Outcome(index, f"a Ray worker cannot begin ({words}); every node needs this project and its packages")
    except ray.exceptions.RayError as error:
        return losses.again(index, type(error).__name__)
