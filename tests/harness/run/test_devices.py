"""What the environment asks for is there, or is refused in one sentence; what it may not change stays."""

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
DRAW = """
from mtrl.harness.run import devices
devices.start()
import jax
print(jax.random.normal(jax.random.key(1), (3,)).tolist(), jax.config.jax_default_matmul_precision)
"""


def python(*arguments, **environment):
    plain = {name: value for name, value in os.environ.items() if not name.startswith("JAX_")}
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, cwd=ROOT, env={**plain, **environment}
    )


def test_a_platform_that_is_not_there_is_one_sentence(tmp_path):
    done = python("-m", "tests.harness.tiny", "--preset=smoke", f"--out={tmp_path}/o", JAX_PLATFORMS="nonsense")
    assert done.returncode == 2 and done.stdout == "" and done.stderr.count("\n") == 1, done.stderr
    assert "JAX_PLATFORMS asks for nonsense, which is not there" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_settings_of_the_environment_change_no_draw():
    ambient = {
        "JAX_DEFAULT_PRNG_IMPL": "rbg",
        "JAX_THREEFRY_PARTITIONABLE": "false",
        "JAX_RANDOM_SEED_OFFSET": "7",
        "JAX_DEFAULT_MATMUL_PRECISION": "bfloat16",
        "JAX_ENABLE_X64": "false",
    }
    plain, changed = (python("-c", DRAW, JAX_PLATFORMS="cpu", **settings).stdout for settings in ({}, ambient))
    assert plain == changed and plain.endswith("None\n")


def test_devices_of_a_process_that_had_used_jax_are_part_of_the_cell():
    words = "from mtrl.harness.run import devices; devices.start(); print([devices.compiler_flags()])"
    plain = {"JAX_PLATFORMS": "cpu", "XLA_FLAGS": ""}
    first, late = (python("-c", before + words, **plain).stdout for before in ("", "import jax; jax.devices(); "))
    assert (first, late) == ("['']\n", "['cpu_devices=1']\n")
