"""Several processes as one: process 0 decides and writes, all compute their share of the seeds (`--distributed`).

Process 0 runs the command as one process would, and announces every cell that it is about to compute. The others wait for announcements and
compute the same cells, each on its own devices and for its own seeds; `gather` gives all of them the whole. Files are read for what is
already done, and written, by process 0 alone, so that no shared disk is needed.
"""

import dataclasses
import json
import socket
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from mtrl.numerics.errors import BadInput

PATIENCE = 300.0  # s; how long a process waits for the one that coordinates


class Gone(BadInput):
    """Another process of the run is gone: no further cell can be computed."""


class Place(NamedTuple):
    """Where a process stands among the others; nothing given leaves it to what the scheduler (SLURM, say) has set."""

    coordinator: str = ""  # HOST:PORT of process 0
    processes: int | None = None
    process_id: int | None = None


def checked(place: Place) -> Place:
    """The place, or what is wrong with it.

    Raises:
      BadInput: some but not all of the three are given, or one is outside its range.
    """
    given = [place.coordinator != "", place.processes is not None, place.process_id is not None]
    if any(given) and not all(given):
        raise BadInput("--distributed takes --coordinator, --processes and --process_id together, or none on SLURM")
    if place.processes is None or place.process_id is None:
        return place
    host, _, port = place.coordinator.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise BadInput(f"--coordinator got {place.coordinator}, allowed is HOST:PORT of process 0, such as node1:1234")
    if place.processes < 1:
        raise BadInput(f"--processes got {place.processes}, allowed is at least 1")
    if not 0 <= place.process_id < place.processes:
        raise BadInput(f"--process_id got {place.process_id}, allowed is 0 to {place.processes - 1}")
    return place


def _reachable(place: Place) -> None:
    """Refuse a coordinator that cannot be; JAX would abort the process."""
    host, _, port = place.coordinator.rpartition(":")
    try:
        if place.process_id == 0:
            family = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)[0][0]
            with socket.socket(family, socket.SOCK_STREAM) as free:
                free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                free.bind(("", int(port)))
            return
        socket.getaddrinfo(host, int(port))
    except OSError as error:
        raise BadInput(f"--coordinator got {place.coordinator}, which cannot be used ({error.strerror})") from None
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return socket.create_connection((host, int(port)), timeout=5).close()
        except OSError:
            if time.monotonic() > end:
                raise BadInput(
                    f"no process answers at --coordinator={place.coordinator} after {PATIENCE:.0f} s; "
                    "start process 0 there, and the others with the same command"
                ) from None
            time.sleep(0.1)


def join(place: Place) -> None:
    """Become one of several processes; before JAX looks for its devices.

    Raises:
      BadInput: the coordinator cannot be reached, no scheduler says where this process stands, or the processes have unequal devices.
    """
    import jax

    if place.processes is None:
        known: dict[str, Any] = {}
    else:
        _reachable(checked(place))
        known = dict(zip(("coordinator_address", "num_processes", "process_id"), place, strict=True))
    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    try:
        jax.distributed.initialize(**known)
    except ValueError:
        raise BadInput(
            "--distributed found no scheduler that says where this process stands; give --coordinator=HOST:PORT, "
            "--processes=N and --process_id=I"
        ) from None
    except RuntimeError as error:
        raise BadInput(
            f"--distributed cannot start ({str(error).splitlines()[0]}); start it in a fresh process"
        ) from None
    if jax.device_count() != jax.process_count() * jax.local_device_count():
        raise BadInput(
            f"--distributed needs as many devices in every process, but this one has {jax.local_device_count()} of "
            f"{jax.device_count()} among {jax.process_count()} processes; hide the others (JAX_VISIBLE_DEVICES, say)"
        )


def several() -> bool:
    """Whether this process is one of several."""
    import jax

    return jax.process_count() > 1


def follows() -> bool:
    """Whether this process only computes what process 0 announces."""
    import jax

    return jax.process_index() > 0


def _all(own: np.ndarray) -> np.ndarray:
    """The arrays of all processes, (process, ...).

    Raises:
      Gone: another process is.
    """
    import jax
    from jax.experimental import multihost_utils

    try:
        return np.asarray(multihost_utils.process_allgather(own))
    except jax.errors.JaxRuntimeError as error:
        raise Gone(
            f"another process of the run is gone ({str(error).splitlines()[0][:120]}); finished cells are kept: "
            "start all processes again"
        ) from None


def gather(tree: Any, seeds: list[int]) -> Any:
    """The whole from every process's part.

    Args:
      tree: pytree of NumPy arrays whose leading axis holds this process's seeds.
      seeds: how many each process has.
    """
    import jax

    leaves, shape = jax.tree.flatten(tree)
    sizes = [int(np.prod(x.shape[1:])) * x.dtype.itemsize for x in leaves]
    rows = [
        np.ascontiguousarray(x).reshape(-1).view(np.uint8).reshape(len(x), n)
        for x, n in zip(leaves, sizes, strict=True)
    ]
    own = np.concatenate(rows, axis=1)
    padded = np.zeros((max(seeds), own.shape[1]), np.uint8)
    padded[: len(own)] = own
    parts = _all(padded)
    whole = np.concatenate([part[:n] for part, n in zip(parts, seeds, strict=True)])
    columns = np.split(whole, np.cumsum(sizes)[:-1], axis=1)
    return jax.tree.unflatten(
        shape,
        [
            np.ascontiguousarray(c).reshape(-1).view(x.dtype).reshape(len(whole), *x.shape[1:])
            for c, x in zip(columns, leaves, strict=True)
        ],
    )


def announce(message: dict[str, Any]) -> None:
    """Process 0 says to the others what comes next; in one process, nothing happens."""
    if several():
        _said(json.dumps(message).encode())


def _said(content: bytes) -> bytes:
    """What process 0 says, in every process."""
    length = int(_all(np.array([len(content)], np.int32))[0, 0])
    room = np.zeros(-(-length // 1024) * 1024, np.uint8)  # few distinct shapes: each is a small program
    room[: len(content)] = np.frombuffer(content, np.uint8)
    return _all(room)[0].tobytes()[:length]


def lead(work: Callable[[], list]) -> list:
    """Process 0's part: do the work, and tell the others how it ended."""
    ended = "process 0 stopped; its own message says why"
    try:
        results = work()
        ended = ""
        return results
    except BadInput as error:
        ended = str(error)
        raise
    finally:
        try:
            announce({"ended": ended})
        except BadInput:  # they are gone, which has been said
            pass


def follow(compute: Callable[[dict[str, Any]], None]) -> list:
    """The other processes' part: compute every cell that process 0 announces.

    What fails in `run` fails in every process alike, and process 0 says so.

    Raises:
      BadInput: process 0 ended with an error.
    """
    while "cell" in (message := json.loads(_said(b""))):
        try:
            compute(message["cell"])
        except Gone:
            raise
        except Exception:
            continue
    if message["ended"]:
        raise BadInput(message["ended"])
    return []


def plain(cell: Any) -> dict[str, Any]:
    """A cell as JSON holds it."""
    return {"cell": dataclasses.asdict(cell)}
