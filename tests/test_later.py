"""What a command line imports, and that an imported module is there once."""

import subprocess
import sys

SCRIPT = """
import sys
from mtrl import bandits
from mtrl.numerics import keys
from mtrl.harness import jax, jnp
assert "jax" not in sys.modules
import mtrl.bandits.problem
first = mtrl.bandits.problem.Outcome
assert bandits.problem.Outcome is first and bandits.linucb and keys.split_named and "linucb" in dir(bandits)
import pydoc
assert mtrl.bandits.__doc__.splitlines()[0] in pydoc.plain(pydoc.render_doc(bandits))
assert float(jnp.ones(2).sum()) == 2 and jax.numpy.ones is jnp.ones
try:
    mtrl.nothing
except AttributeError as error:
    assert "nothing" in str(error)
else:
    raise AssertionError("a package that is not there")
"""


def test_packages_are_imported_at_their_first_use_and_once():
    subprocess.run([sys.executable, "-c", SCRIPT], check=True, timeout=120)


def test_a_command_line_is_answered_without_jax():
    """And no study makes JAX's devices before the process has set their number, on which the last bits depend."""
    script = """
import sys
from mtrl.harness.gallery import Registry, registry
assert registry.listing(Registry("experiments").studies())
loaded = {"jax", "scipy", "xarray", "matplotlib"} & set(sys.modules)
assert not loaded, loaded
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=120)
