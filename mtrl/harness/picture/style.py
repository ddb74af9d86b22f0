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


METADATA: Any = {"png": {"Software": None}, "pdf": {"CreationDate": None}, "svg": {"Date": None}}


def pictures(figure: Any, suffixes: Sequence[str] = ("png", "pdf")) -> dict[str, bytes]:
    """A figure as the bytes of its files, by suffix; the same figure gives the same bytes."""
    made = {}
    for suffix in suffixes:
        buffer = io.BytesIO()
        figure.savefig(buffer, format=suffix, metadata=METADATA[suffix])
        made[suffix] = buffer.getvalue()
    return made


def subplots(
    rows: int = 1, cols: int = 1, *, width: float = 4.2, height: float = 3.3, **keywords: Any
) -> tuple[Any, np.ndarray]:
    """A figure and its (rows, cols) array of axes; width and height are inches per panel."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width * cols, height * rows), layout="constrained")
    return figure, figure.subplots(rows, cols, squeeze=False, **keywords)


def half_width(samples: ArrayLike) -> np.ndarray:
    """Half of the 95% t-interval of the mean over the leading axis; 0 for a single draw."""
    from scipy import stats

    samples = np.asarray(samples, dtype=float)
    n = samples.shape[0]
    if n < 2:
        return np.zeros(samples.shape[1:])
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


def table(
    ax: Any, cells: list[list[str]], columns: list[str], rows: list[str] | None = None, *, scale: float = 1.25
) -> Any:
    """A table drawn as a figure panel."""
    ax.axis("off")
    drawn = ax.table(cellText=cells, colLabels=columns, rowLabels=rows, loc="center", cellLoc="center")
    drawn.auto_set_font_size(False)
    drawn.set_fontsize(8.5)
    drawn.scale(1, scale)
    for cell in drawn.get_celld().values():
        cell.set_edgecolor("#CCCCCC")
    return drawn
