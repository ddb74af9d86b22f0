"""The cache of compiled programs: where it lies, who decides, and that nothing depends on it."""

import os
import pathlib
import subprocess
import sys

import pytest

from mtrl.harness.run import compiled
from mtrl.numerics.errors import BadInput

ROOT = pathlib.Path(__file__).resolve().parents[3]
VARIABLES = ("JAX_COMPILATION_CACHE_DIR", "JAX_ENABLE_COMPILATION_CACHE", "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS")


@pytest.fixture
def fresh(monkeypatch, tmp_path):
    """An environment that says nothing of a cache, a home of its own, and JAX not yet there."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.delitem(sys.modules, "jax")
    yield tmp_path
    for name in VARIABLES:  # `start` sets them for workers: they must not outlive the test
        os.environ.pop(name, None)


def chosen():
    return os.environ.get(VARIABLES[0]), os.environ.get(VARIABLES[1])


def test_by_default_it_lies_in_the_users_cache_folder(fresh, monkeypatch):
    compiled.start()
    folder = pathlib.Path(chosen()[0])
    assert folder.parent == fresh / "xdg/mtrl/jax" and folder.is_dir() and list(folder.iterdir()) == []
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    monkeypatch.setenv("HOME", str(fresh / "home"))
    assert compiled.default_folder().parent == fresh / "home/.cache/mtrl/jax"


def test_what_the_user_says_counts(fresh, monkeypatch):
    monkeypatch.setenv(VARIABLES[0], "/somewhere")
    compiled.start()
    assert chosen() == ("/somewhere", None)
    compiled.start(str(fresh / "mine"))
    assert chosen()[0] == str(fresh / "mine") and (fresh / "mine").is_dir()
    compiled.start("off")
    assert chosen()[1] == "false" and not (fresh / "xdg").exists()


def test_a_place_that_takes_no_file(fresh, monkeypatch):
    """By default there is no cache then, and the run goes on; a folder that was asked for is refused."""
    (fresh / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(fresh / "file"))
    compiled.start()
    assert chosen() == (None, None)
    with pytest.raises(BadInput, match="where nothing can be written; give a folder, or off"):
        compiled.start(str(fresh / "file"))


def test_of_a_large_cache_the_oldest_programs_go(fresh, monkeypatch):
    monkeypatch.setattr(compiled, "LARGEST", 25)
    folder = compiled.default_folder()
    folder.mkdir(parents=True)
    for age in range(4):
        (folder / f"jit_{age}-cache").write_bytes(b"x" * 10)
        os.utime(folder / f"jit_{age}-cache", (100 - age, 100 - age))
    compiled.start()
    assert sorted(path.name for path in folder.iterdir()) == ["jit_0-cache", "jit_1-cache"]


# Prints how many programs were compiled, and the names of those found in the cache, which was empty at the start: of such a program the same
# text had been compiled before in the same process.
COUNT = """
import sys
from jax import monitoring
from mtrl.harness.cli import run_study
from mtrl.harness.gallery.registry import Registry
hits, programs, twice = [], [], []
monitoring.register_event_listener(lambda event, **more: hits.append(event) if event.endswith("/cache_hits") else None)
def note(event, seconds, **more):
    if event.endswith("backend_compile_duration"):
        (twice if hits else programs).append(more["fun_name"])
        hits.clear()
monitoring.register_event_duration_secs_listener(note)
cache, out, *wanted = sys.argv[1:]
for name in wanted:
    study, _, figure = name.partition("/")
    run_study(Registry("experiments").load(study), [f"--figure={figure}", "--preset=smoke", f"--out={out}", f"--compilation_cache={cache}"])
print(len(programs), programs.count("jit(run)"), *twice)
"""


def compilations(tmp_path, *figures, **environment):
    """(all programs, those of the driver, names of what was compiled again) of a fresh process that makes these figures at `smoke`."""
    settings = {"JAX_NUMPY_DTYPE_PROMOTION": "standard", "JAX_ENABLE_COMPILATION_CACHE": "true", **environment}
    settings |= {VARIABLES[2]: "0", "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", COUNT, tmp_path / "cache", tmp_path / "out", *figures],
        cwd=ROOT,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    programs, ours, *twice = done.stdout.splitlines()[-1].split()
    return int(programs), int(ours), twice


def test_no_program_is_compiled_twice(tmp_path):
    """Neither of the driver's nor of what runs outside it, over two studies."""
    programs, ours, twice = compilations(tmp_path, "rmt_regression/alignment", "critical_periods/pathways")
    assert programs > ours >= 4 and twice == []


def test_seconds_count_compiling_and_nothing_else():
    import jax

    before = compiled.seconds()
    program = jax.jit(lambda x: (x * 3.25).sum())
    program(1.0)
    after = compiled.seconds()
    assert 0 < after - before < 60
    program(2.0)
    assert compiled.seconds() == after
