"""Cells are named by the sources that decide their bytes: drawing and judging are not among them."""

from mtrl.harness.run.provenance import source_files


def test_drawing_and_judging_decide_no_cell():
    module = "experiments.rmt_regression"
    deciding = {path.as_posix() for path in source_files(module)}
    drawing = {path.as_posix() for path in source_files(module, drawing=True)}
    assert deciding < drawing
    for part in ("harness/driver.py", "harness/run/engine.py", "numerics/keys.py"):
        assert any(path.endswith(part) for path in deciding)
    for part in (
        "harness/picture/style.py",
        "harness/judge/claims.py",
        "harness/gallery/publish.py",
        "harness/flags.py",
        "harness/run/carry.py",
    ):
        assert not any(path.endswith(part) for path in deciding)
        assert any(path.endswith(part) for path in drawing) or "gallery" in part
