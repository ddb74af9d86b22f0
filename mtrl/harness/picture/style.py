"""The house style of figures: colour-blind safe, theory as lines, simulation as points with bands, paper values as hollow markers."""

import contextlib
import io
import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

# Okabe and Ito's palette, without yellow (too light on white).
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")

_RC: Any = {
    "figure.dpi": 100,
    "savefig.dpi": 150,
    "figure.constrained_layout.use": True,
    "font.size": 10,
    "axes.titlesize": 10.5,
    "axes.labelsize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.6,
    "lines.markersize": 5,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "pdf.fonttype": 42,
    "svg.hashsalt": "mtrl",
}


@contextlib.contextmanager
def house() -> Iterator[None]:
    """The house style, whatever the user's settings of matplotlib say; those stand again afterwards. Needs no screen."""
    if (
        "matplotlib" not in sys.modules
    ):  # a notebook's backend, say, need not exist here, and its name alone would stop the import
        os.environ["MPLBACKEND"] = "Agg"
    import matplotlib
    from cycler import cycler

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_RC)
        matplotlib.rcParams["axes.prop_cycle"] = cycler(color=COLORS)
        yield


CUT = "cut"  # names the arrows of `_mark_cut_bars`


def _mark_cut_bars(figure: Any) -> None:
    """An arrow at the edge of the axes for every error bar that goes on beyond it, as one does whose end a logarithm does not have."""
    from matplotlib.container import ErrorbarContainer

    for ax in figure.axes:
        if any(line.get_gid() == CUT for line in ax.lines):
            continue
        limits = {"x": sorted(ax.get_xlim()), "y": sorted(ax.get_ylim())}
        ax.set(xlim=ax.get_xlim(), ylim=ax.get_ylim())
        for bars in [container for container in ax.containers if isinstance(container, ErrorbarContainer)]:
            ways = [way for way, has in (("x", bars.has_xerr), ("y", bars.has_yerr)) if has]
            for way, lines in zip(ways, bars.lines[2], strict=True):
                _arrows(ax, lines, way, limits)


def _arrows(ax: Any, lines: Any, way: str, limits: dict[str, list[float]]) -> None:
    """Arrows of the bars along one axis, where their middle is in sight."""
    along, across = ("xy".index(way), 1 - "xy".index(way))
    (low, high), (first, last) = limits[way], limits["yx"["xy".index(way)]]
    slack = 1e-9 * (high - low)
    for segment, color in zip(
        lines.get_segments(), np.resize(lines.get_color(), (len(lines.get_segments()), 4)), strict=True
    ):
        if len(segment) == 0 or not first <= segment[0, across] <= last:
            continue
        ends, middle = np.sort(segment[:, along]), segment[0, across]
        for beyond, edge, marker in (
            (ends[0] < low - slack <= ends[1], low, "<v"[along]),
            (ends[1] > high + slack >= ends[0], high, ">^"[along]),
        ):
            if beyond:
                place = (edge, middle) if along == 0 else (middle, edge)
                ax.plot(*place, marker=marker, color=color, ms=5, clip_on=False, zorder=6, gid=CUT)


METADATA: Any = {"png": {"Software": None}, "pdf": {"CreationDate": None}, "svg": {"Date": None}}


def pictures(figure: Any, suffixes: Sequence[str] = ("png", "pdf")) -> dict[str, bytes]:
    """A figure as the bytes of its files, by suffix; the same figure gives the same bytes.

    Where things stand is settled once, by the first format, and kept for the others.
    """
    made = {}
    _mark_cut_bars(figure)
    for suffix in suffixes:
        if suffix == "png":
            _lay_out(figure)
        buffer = io.BytesIO()
        figure.savefig(buffer, format=suffix, metadata=METADATA[suffix])
        made[suffix] = buffer.getvalue()
        _freeze(figure)
    return made


def _lay_out(figure: Any) -> None:
    """Settle where things stand without the dry drawing of everything by which `savefig` would; the pixels are the same."""
    import matplotlib

    engine = figure.get_layout_engine()
    if engine is not None and figure.axes:
        dpi = matplotlib.rcParams["savefig.dpi"]
        figure.set_dpi(figure.dpi if dpi == "figure" else dpi)
        engine.execute(figure)
        _freeze(figure)


def _freeze(figure: Any) -> None:
    """Let nothing be moved any more."""
    import matplotlib

    with matplotlib.rc_context({"figure.constrained_layout.use": False, "figure.autolayout": False}):
        figure.set_layout_engine(None)  # unlike "none", which would leave `savefig` its dry drawing


def rasterise(figure: Any) -> None:
    """Let all that lies in the axes be stored as pixels in a vector file; words and axes stay sharp."""
    from matplotlib.collections import Collection
    from matplotlib.lines import Line2D

    for ax in figure.axes:
        for artist in ax.get_children():
            if isinstance(artist, (Collection, Line2D)):
                artist.set_rasterized(True)


def subplots(
    rows: int = 1, cols: int = 1, *, width: float = 4.2, height: float = 3.3, **keywords: Any
) -> tuple[Any, np.ndarray]:
    """A figure and its (rows, cols) array of axes; width and height are inches per panel."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width * cols, height * rows), layout="constrained")
    return figure, figure.subplots(rows, cols, squeeze=False, **keywords)


def half_width(samples: ArrayLike) -> np.ndarray:
    """Half of the 95% t-interval of the mean over the leading axis; 0 for a single draw, NaN where a draw is infinite."""
    from scipy import stats

    samples = np.asarray(samples, dtype=float)
    n = samples.shape[0]
    if n < 2:
        return np.zeros(samples.shape[1:])
    with np.errstate(invalid="ignore"):  # inf - inf
        return np.asarray(stats.t.ppf(0.975, n - 1) * samples.std(0, ddof=1) / np.sqrt(n))


def band(
    ax: Any,
    x: ArrayLike,
    samples: ArrayLike,
    *,
    label: str = "",
    color: str | None = None,
    marker: str = "o",
    points: bool = True,
    **keywords: Any,
) -> None:
    """Simulation: the mean over the leading (seed) axis of `samples` (seed, x), with its 95% band.

    Args:
      points: draw points with error bars (few x); otherwise a line with a shaded band (many x).
    """
    samples = np.asarray(samples, dtype=float)
    mean, half = samples.mean(0), half_width(samples)
    color = color or ax._get_lines.get_next_color()
    if points:
        ax.errorbar(x, mean, half, fmt=marker, color=color, label=label or None, capsize=2, elinewidth=1, **keywords)
    else:
        ax.plot(x, mean, color=color, label=label or None, **keywords)
        ax.fill_between(x, mean - half, mean + half, color=color, alpha=0.2, linewidth=0)


def theory(ax: Any, x: ArrayLike, y: ArrayLike, *, label: str = "", color: str | None = None, **keywords: Any) -> None:
    """Theory: a line without markers."""
    ax.plot(x, y, label=label or None, color=color, **{"linestyle": "-", **keywords})


def paper(ax: Any, x: ArrayLike, y: ArrayLike, *, label: str = "paper", **keywords: Any) -> None:
    """The paper's reported values: hollow black markers."""
    options = {
        "marker": "o",
        "markersize": 7,
        "linestyle": "none",
        "markerfacecolor": "none",
        "markeredgecolor": "black",
        **keywords,
    }
    ax.plot(x, y, label=label or None, zorder=5, **options)


def log_ticks(ax: Any, values: ArrayLike) -> None:
    """A logarithmic x axis labelled at the given values and nowhere else; in thousands (k) where they are large."""
    values = np.unique(np.round(np.asarray(values, dtype=float), 6))
    unit, suffix = (1000, "k") if values.max() >= 10_000 else (1, "")
    ax.set_xscale("log")
    ax.set_xticks(values, [f"{v / unit:g}{suffix}" for v in values])
    ax.tick_params(axis="x", which="minor", bottom=False, labelbottom=False)
    if len(values) > 6:  # else neighbours run into each other
        ax.tick_params(axis="x", labelsize=8)
