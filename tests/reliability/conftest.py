"""The marker of these tests, and the figures that they report: `make reliability` writes them to figures/reliability.json."""

import datetime
import importlib.metadata
import json
import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PINNED = ("jax", "jaxlib", "numpy", "scipy", "xarray", "h5netcdf", "optax", "flax", "ray")
_said = pytest.StashKey[list[str]]()
_done: list[dict] = []


def pytest_configure(config):
    """Known here too, whatever pyproject says."""
    config.addinivalue_line("markers", "reliability: minutes of kills, refusals and reruns, by `make reliability`")


def pytest_collection_modifyitems(config, items):
    """Only when they are asked for."""
    if "reliability" not in config.option.markexpr:
        kept = [item for item in items if not item.get_closest_marker("reliability")]
        config.hook.pytest_deselected(items=[item for item in items if item.get_closest_marker("reliability")])
        items[:] = kept


@pytest.fixture
def say(request):
    """Report a figure of the test: a short text with its numbers."""
    return request.node.stash.setdefault(_said, []).append


def python(*arguments, prefix=(), **environment):
    """A Python of its own with the settings of a user, not those of the suite; its completed process."""
    suites = ("JAX_", "XLA_FLAGS", "PLANTED_BIAS", "STATISTICS")
    plain = {name: value for name, value in os.environ.items() if not name.startswith(suites)}
    return subprocess.run(
        [*prefix, sys.executable, *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**plain, "JAX_PLATFORMS": "cpu", **environment},
    )


def suite(*arguments, **environment):
    """A part of the suite in a process of its own: (passed, names of the failed, the last lines)."""
    cache = {"JAX_COMPILATION_CACHE_DIR": os.environ["JAX_COMPILATION_CACHE_DIR"]}
    done = python("-m", "pytest", "-rf", "-p", "no:cacheprovider", *arguments, **cache, **environment)
    failed = [line.split(" ")[1] for line in done.stdout.splitlines() if line.startswith(("FAILED ", "ERROR "))]
    last = done.stdout.splitlines()[-1]
    passed = int(last.split(" passed")[0].split()[-1]) if " passed" in last else 0
    return passed, failed, done.stdout[-3000:]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if item.get_closest_marker("reliability") and (report.when == "call" or report.failed) and not report.skipped:
        said = item.stash.get(_said, [])
        if report.failed:
            said = [*said, f"fails: {call.excinfo.exconly().splitlines()[0][:200]}"]
        _done.append(
            {
                "name": item.name.removeprefix("test_").replace("_", " "),
                "what": " ".join((item.obj.__doc__ or "").split()),
                "figure": "; ".join(said),
                "held": report.passed,
                "seconds": round(report.duration, 1),
            }
        )
    return report


def record(path: pathlib.Path, checks: list[dict]) -> None:
    """Put checks into the file, each in the place of the one of its name."""
    stored = json.loads(path.read_text())["checks"] if path.is_file() else []
    merged = {check["name"]: check for check in [*stored, *checks]}
    pins = {}
    for name in PINNED:
        try:
            pins[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    what = {"date": datetime.date.today().isoformat(), "pins": pins, "checks": list(merged.values())}
    path.write_text(json.dumps(what, indent=2) + "\n")


def pytest_sessionfinish(session):
    """Write what was reported to the file that RELIABILITY names."""
    if (place := os.environ.get("RELIABILITY")) and _done:
        record(pathlib.Path(place), _done)
