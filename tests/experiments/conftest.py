"""Studies run as users run them."""

import jax
import jaxtyping
import pytest

from mtrl.harness.picture import style


@pytest.fixture(autouse=True)
def as_users_run_them():
    """Studies hand NumPy arrays and whole numbers to the library, which JAX takes and promotes; the annotations and the strict promotion that the
    suite asks of the library would not."""
    jaxtyping.config.update("jaxtyping_disable", True)
    with jax.numpy_dtype_promotion("standard"):
        yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.fixture(autouse=True)
def outlined_fonts(monkeypatch):
    """PDFs with letters as outlines: cutting a TrueType font down to the letters used takes longer than drawing them."""
    monkeypatch.setitem(style._RC, "pdf.fonttype", 3)
