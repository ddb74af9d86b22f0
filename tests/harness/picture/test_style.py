import os
import pathlib
import subprocess
import sys
import warnings

import numpy as np

from mtrl.harness import style

ROOT = pathlib.Path(__file__).resolve().parents[3]


def test_log_ticks_label_the_values_that_were_run():
    _, axes = style.subplots(1, 2)
    for ax, values in zip(axes[0], ([100, 1600, 400], [2400, 14400]), strict=True):
        style.log_ticks(ax, values)
        assert ax.get_xscale() == "log"
    assert [label.get_text() for label in axes[0, 0].get_xticklabels()] == ["100", "400", "1600"]
    assert [label.get_text() for label in axes[0, 1].get_xticklabels()] == ["2.4k", "14.4k"]


def test_half_width_is_the_t_interval():
    samples = np.array([[1.0, 2.0], [3.0, 2.0], [5.0, 2.0]])
    np.testing.assert_allclose(style.half_width(samples), [4.302652729911275 * 2 / np.sqrt(3), 0.0])
    np.testing.assert_allclose(style.half_width(samples[:1]), [0.0, 0.0])
    with warnings.catch_warnings(action="error"):  # runs that never escape are ordinary data
        assert np.isnan(style.half_width(np.array([1.0, np.inf])))


DRAWN = """
import sys
from mtrl.harness.picture import style
with style.house():
    figure, axes = style.subplots()
    style.band(axes[0, 0], [1, 2], [[1.0, 2.0], [2.0, 2.5]], label="simulation")
    axes[0, 0].legend()
    made = style.pictures(figure)
import hashlib
print({suffix: hashlib.sha256(content).hexdigest() for suffix, content in made.items()})
"""


def test_figures_do_not_depend_on_the_users_settings_of_matplotlib(tmp_path):
    (tmp_path / "rc").write_text("text.usetex: True\naxes.facecolor: black\nbackend: TkAgg\nsavefig.format: svg\n")
    ours = {"MPLBACKEND": "module://matplotlib_inline.backend_inline", "MATPLOTLIBRC": str(tmp_path / "rc")}
    plain = {name: value for name, value in os.environ.items() if not name.startswith("MPL")}
    done = [
        subprocess.run([sys.executable, "-c", DRAWN], capture_output=True, text=True, cwd=ROOT, env={**plain, **more})
        for more in ({}, ours)
    ]
    assert done[0].returncode == done[1].returncode == 0, done[1].stderr
    assert done[0].stdout == done[1].stdout != ""


def test_the_users_settings_stand_again_afterwards():
    import matplotlib

    with matplotlib.rc_context({"font.size": 3.0}):
        with style.house():
            assert matplotlib.rcParams["font.size"] == 10
        assert matplotlib.rcParams["font.size"] == 3


def arrows(ax):
    """(marker, x, y) of the arrows of cut bars."""
    return {(line.get_marker(), *line.get_xydata()[0]) for line in ax.lines if line.get_gid() == style.CUT}


def test_a_bar_that_leaves_the_axes_ends_in_an_arrow():
    figure, axes = style.subplots(1, 3)
    logarithmic, wide, inside = axes[0]
    logarithmic.errorbar([1.0, 2.0], [1.0, 1.0], [2.0, 0.5], fmt="o")
    logarithmic.set(yscale="log", ylim=(0.1, 2.0))
    wide.barh([0, 1], [0.5, 0.5], xerr=[0.1, 0.9], color="blue")
    wide.set_xlim(0, 1)
    inside.errorbar([1.0], [1.0], [0.5], fmt="o")
    before = [(ax.get_xlim(), ax.get_ylim()) for ax in axes[0]]
    for _ in range(2):  # once, however often it is saved
        style.pictures(figure, ["png"])
    assert arrows(logarithmic) == {("v", 1.0, 0.1), ("^", 1.0, 2.0)}
    assert arrows(wide) == {("<", 0.0, 1.0), (">", 1.0, 1.0)}
    assert not arrows(inside)
    assert before == [(ax.get_xlim(), ax.get_ylim()) for ax in axes[0]]
    assert len([line for line in wide.lines if line.get_gid() == style.CUT]) == 2


def test_what_is_stored_as_pixels_no_longer_grows_with_the_marks():
    figure, axes = style.subplots()
    axes[0, 0].plot(np.arange(5000), np.sin(np.arange(5000)), "o")
    vector = style.pictures(figure, ["svg"])["svg"]
    style.rasterise(figure)
    pixels = style.pictures(figure, ["svg"])["svg"]
    assert len(pixels) < len(vector) / 2 and b"<image" in pixels
