"""Studies run as users run them."""

import jax
import jaxtyping
import pytest


@pytest.fixture(autouse=True)
def as_users_run_them():
    """Studies hand NumPy arrays and whole numbers to the library, which JAX takes and promotes; the annotations and the strict promotion that the
    suite asks of the library would not."""
    jaxtyping.config.update("jaxtyping_disable", True)
    with jax.numpy_dtype_promotion("standard"):
        yield
    jaxtyping.config.update("jaxtyping_disable", False)
