"""Suite-wide settings, made before JAX starts."""

import collections
import gc
import json
import os
import time
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("JAX_ENABLE_X64", "true")
os.environ.setdefault("JAX_NUMPY_DTYPE_PROMOTION", "strict")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("NPROC", "8")  # size of XLA's thread pool; see mtrl/harness/devices.py
os.environ.setdefault("MPLBACKEND", "Agg")
# Most of the suite's time is XLA compiling programs that run once on tiny inputs: compile them lightly, and keep them for the next test,
# worker or run that needs the same one.
LIGHT = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
# The older emitters compile in two thirds of the time, and programs this small in one piece; later releases may lack the flags, and XLA aborts
# on one it does not know.
if version("jaxlib").startswith("0.10."):
    LIGHT += " --xla_cpu_use_fusion_emitters=false --xla_cpu_parallel_codegen_split_count=1"
os.environ.setdefault("XLA_FLAGS", LIGHT)
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(Path(__file__).parents[1] / ".pytest_cache" / "jax"))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")

import hypothesis
import jax
import jaxtyping
import pytest

import tests.checker  # the hook looks it up as an attribute of `tests`

# Shapes and dtypes of every public function are checked at run time; must come before the first import of mtrl.
jaxtyping.install_import_hook("mtrl", f"{tests.checker.__name__}.check")

# As in the studies, so that sharding of the seed axis is exercised everywhere.
jax.config.update("jax_num_cpu_devices", 2)
hypothesis.settings.register_profile("mtrl", deadline=None, derandomize=True, max_examples=25)
hypothesis.settings.load_profile("mtrl")


_ran = 0
_begun = pytest.StashKey[float]()
_spent: collections.Counter[str] = collections.Counter()
STUDIES = sorted(path.parent.name for path in (Path(__file__).parents[1] / "experiments").glob("*/__init__.py"))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """The processor's clock of this process."""
    item.stash[_begun] = time.process_time()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """What a test took of it, fixtures included."""
    report = yield
    if call.when == "teardown":
        report.user_properties.append(("processor", time.process_time() - item.stash[_begun]))
    return report


def pytest_runtest_logreport(report):
    """Sum it by wing, or by study where the test names one."""
    folder = report.nodeid.split("::")[0].split("/")[1].removesuffix(".py")
    named = [study for study in STUDIES if study in report.nodeid]
    place = f"{folder}: {max(named, key=len)}" if named and folder == "experiments" else folder
    _spent[place] += sum(seconds for name, seconds in report.user_properties if name == "processor")


@pytest.fixture(autouse=True)
def forget_programs():
    """Drop compiled programs now and then: thousands in one process exhaust the system's memory maps and crash the compiler."""
    global _ran
    yield
    _ran += 1
    if _ran % 80 == 0:
        jax.clear_caches()
        gc.collect()


@pytest.fixture
def key():
    """A fixed key: statistical tests never draw a fresh one."""
    return jax.random.key(20241)


def pytest_sessionfinish():
    """Leave the statistical assertions that passed to whoever asked for them."""
    from tests import helpers

    if place := os.environ.get("STATISTICS"):
        Path(place).write_text(json.dumps([statistic._asdict() for statistic in helpers.STATISTICS]))


def pytest_terminal_summary(terminalreporter):
    """Say what the wings and the studies took, and how many oracle comparisons stood behind the passes."""
    from tests import helpers

    if sum(_spent.values()) > 60:
        table = ", ".join(f"{place} {seconds:.0f}" for place, seconds in _spent.most_common() if seconds >= 1)
        terminalreporter.write_line(f"processor seconds: {table}; {sum(_spent.values()):.0f} in all")
    if helpers.COMPARISONS:
        worst = max(helpers.COMPARISONS, key=lambda c: c.relative)
        terminalreporter.write_line(
            f"{len(helpers.COMPARISONS)} oracle comparisons in this process; largest relative error {worst.relative:.2e} ({worst.name})"
        )
