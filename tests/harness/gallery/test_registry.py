import pytest

from mtrl.harness.gallery import Registry


def test_studies_of_a_package_by_name():
    registry = Registry("experiments")
    assert "rmt_regression" in registry.names() and "__main__" not in registry.names()
    assert registry.load("rmt_regression").name == "rmt_regression"
    with pytest.raises(ValueError, match="unknown study 'rmt_regresion'; did you mean rmt_regression"):
        registry.load("rmt_regresion")
