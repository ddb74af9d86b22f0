"""The vocabulary of pictures: labelled arrays in, one meaning per mark.

| mark | meaning | function |
| --- | --- | --- |
| solid line | theory | `theory`, `level` |
| filled marker with error bar | simulation, few x: mean over seeds and its 95 % interval | `points`, `bars` |
| line with band | simulation, many x: the same | `curves`, `paths` |
| hollow black marker | the paper's number | `reported` |
| black cross | an independent program's number | `program` |

Arrays are xarray DataArrays: dims, units and words come from their labels, the seed axis is averaged here. A `Look` says how a method
appears and is the same in every figure of a study.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from mtrl.harness.judge.claims import proportion_interval
from mtrl.harness.picture import style
from mtrl.harness.picture.looks import Look, Table, looks, with_ends

__all__ = [
    "Look", "Table", "axis_words", "bars", "curves", "finish", "heat", "legend_below", "level", "looks", "panel", "paths", "points",
    "program", "reported", "theory", "with_ends", "zero_and_logs",
]  # fmt: skip

SEED = "seed"


def axis_words(array: Any) -> str:
    """`long_name [units]` of a labelled array; its name where it has no long one."""
    words = array.attrs.get("long_name", str(array.name or "").replace("_", " "))
    units = array.attrs.get("units", "")
    return f"{words} [{units}]" if units and units != "1" else words


def panel(
    rows: int = 1, cols: int = 1, *, width: float = 4.6, height: float = 3.6, **keywords: Any
) -> tuple[Any, np.ndarray]:
    """A figure and its (rows, cols) axes; inches per panel."""
    return style.subplots(rows, cols, width=width, height=height, **keywords)


def _each(array: Any, by: str | None, look: Mapping[Any, Look] | Look | None) -> Iterable[tuple[Any, Look, Any]]:
    """(position, look, slice) per label of `by`."""
    if by is None:
        yield 0, look if isinstance(look, Look) else Look("", style.COLORS[0]), array
        return
    labels = array[by].values
    table = (
        look
        if isinstance(look, Mapping)
        else looks([f"{label:g}" if array[by].dtype.kind in "fiu" else str(label) for label in labels])
    )
    for i, label in enumerate(labels):
        key = label.item() if hasattr(label, "item") else label
        shown = table.get(key) if isinstance(look, Mapping) else list(table.values())[i]
        if shown is not None:  # a label without a look is not drawn
            yield i, shown, array.isel({by: i})


def _mean(part: Any) -> tuple[np.ndarray, np.ndarray]:
    """Mean over seeds and half of its 95 % interval."""
    if SEED not in part.dims:
        return np.asarray(part.values), np.zeros(part.shape)
    samples = part.transpose(SEED, ...).values
    return np.asarray(samples.mean(0)), style.half_width(samples)


def _name(ax: Any, array: Any, x: str) -> None:
    ax.set_xlabel(ax.get_xlabel() or axis_words(array[x]))
    ax.set_ylabel(ax.get_ylabel() or axis_words(array))


def _share(part: Any) -> tuple[np.ndarray, np.ndarray]:
    """Share of the seeds and the distances to the ends of Wilson's 95 % interval."""
    hits = part.transpose(SEED, ...).values
    found = np.array([proportion_interval(n, len(hits)) for n in hits.sum(0)])
    return found[:, 0], np.maximum(np.abs(found[:, 1:] - found[:, :1]).T, 0)


def points(
    ax: Any,
    array: Any,
    x: str,
    by: str | None = None,
    look: Any = None,
    *,
    spread: float = 0.0,
    share: bool = False,
    **keywords: Any,
) -> None:
    """Simulation at few x: markers at the mean over seeds, bars for its 95 % interval.

    Args:
      ax: axes.
      array: dims x, the seed, and `by` if given.
      x: dimension along the axis.
      by: dimension with a look per label; labels without one are left out.
      look: label -> `Look`, or one `Look`.
      share: the array says for every seed whether something holds: its share with Wilson's interval.
      spread: factor between neighbours' x, so that their bars do not hide each other; 0 for none.
      **keywords: to `errorbar`.
    """
    for i, shown, part in _each(array, by, look):
        middle, half = _share(part) if share else _mean(part)
        at = part[x].values.astype(float) * ((1 + spread) ** (i - array.sizes[by] / 2) if by and spread else 1.0)
        options = dict(fmt=shown.marker, color=shown.color, capsize=2, elinewidth=1, label=shown.words or None)
        ax.errorbar(at, middle, half, **{**options, **keywords})
    _name(ax, array, x)


def curves(ax: Any, array: Any, x: str, by: str | None = None, look: Any = None, **keywords: Any) -> None:
    """Simulation at many x: a line at the mean over seeds with its 95 % band; arguments as in `points`."""
    for _, shown, part in _each(array, by, look):
        middle, half = _mean(part)
        at = part[x].values
        options = dict(color=shown.color, linestyle=shown.line, label=shown.words or None)
        ax.plot(at, middle, **{**options, **keywords})
        ax.fill_between(at, middle - half, middle + half, color=shown.color, alpha=0.2, linewidth=0)
    _name(ax, array, x)


def theory(
    ax: Any,
    array: Any,
    x: str,
    by: str | None = None,
    look: Any = None,
    *,
    scaled: Any = None,
    words: str = "",
    **keywords: Any,
) -> None:
    """Theory: lines without markers, in the colours of what they predict.

    Args:
      ax, array, x, by, look: as in `points`; seeds are averaged.
      scaled: simulated array; the theory is multiplied so that both agree at the first x, and the label says so.
      words: label in front of the look's own words.
      **keywords: to `plot`.
    """
    for i, shown, part in _each(array, by, look):
        line, text = _mean(part)[0], " ".join(filter(None, (words, shown.words)))
        if scaled is not None:
            target = scaled.isel({by: i}) if by and by in scaled.dims else scaled
            line = line * (_mean(target)[0][0] / line[0])
            text = f"{text or 'theory'}, scaled at the first point"
        ax.plot(
            part[x].values, line, **{"color": shown.color, "linestyle": shown.line, "label": text or None, **keywords}
        )
    _name(ax, array, x)


def reported(ax: Any, table: Mapping[Any, float], words: str = "paper", **keywords: Any) -> None:
    """The paper's numbers, x -> y: hollow black markers."""
    style.paper(ax, list(table), list(table.values()), label=words, **keywords)


def program(ax: Any, table: Mapping[Any, float], words: str, **keywords: Any) -> None:
    """An independent program's numbers, x -> y: black crosses; the words name the program."""
    ax.plot(
        list(table),
        list(table.values()),
        **{"marker": "x", "color": "black", "linestyle": "none", "zorder": 5, "label": words, **keywords},
    )


def level(ax: Any, y: float, words: str = "", **keywords: Any) -> None:
    """A constant of the theory or of the setting."""
    ax.axhline(float(y), **{"color": "0.35", "linewidth": 1.2, "label": words or None, **keywords})


def bars(
    ax: Any, array: Any, along: str, look: Mapping[Any, Look] | None = None, *, upright: bool = False, **keywords: Any
) -> None:
    """One bar per label with the 95 % interval of its mean over seeds; horizontal, the first on top, unless `upright`."""
    shown = list(_each(array, along, look))
    middle, half = (np.array(v) for v in zip(*[_mean(part) for _, _, part in shown], strict=True))
    place, colors, words = np.arange(len(shown)), [s.color for _, s, _ in shown], [s.words for _, s, _ in shown]
    if upright:
        ax.bar(place, middle, yerr=half, color=colors, capsize=2, **keywords)
        ax.set_xticks(place, words)
        ax.set_ylabel(axis_words(array))
    else:
        ax.barh(place, middle, xerr=half, color=colors, capsize=2, **keywords)
        ax.set_yticks(place, words)
        ax.invert_yaxis()
        ax.set_xlabel(axis_words(array))


def heat(
    ax: Any,
    array: Any,
    x: str,
    y: str,
    *,
    write: Callable[[float], str] | None = None,
    bar: bool = True,
    **keywords: Any,
) -> Any:
    """A heat map of the mean over seeds, rows `y` from below; `write` puts a number in each cell."""
    table, _ = _mean(array.transpose(..., y, x))
    image = ax.imshow(table, **{"origin": "lower", "aspect": "auto", "cmap": "viridis", **keywords})
    for dim, ticks in ((x, ax.set_xticks), (y, ax.set_yticks)):
        labels = array[dim].values
        ticks(range(len(labels)), [f"{v:g}" if labels.dtype.kind in "fiu" else str(v) for v in labels])
    if write is not None:
        for (i, j), value in np.ndenumerate(table):
            ax.text(j, i, write(float(value)), ha="center", va="center", fontsize=8)
    ax.grid(False)
    ax.set(xlabel=axis_words(array[x]), ylabel=axis_words(array[y]))
    if bar:
        ax.figure.colorbar(image, ax=ax, label=axis_words(array))
    return image


def paths(ax: Any, array: Any, x: str, *, look: Look | None = None, most: int = 20, **keywords: Any) -> None:
    """Single seeds as thin lines, at most `most` of them."""
    look = look or Look("", style.COLORS[0])
    for i in range(min(array.sizes[SEED], most)):
        label = look.words if i == 0 else None
        ax.plot(
            array[x].values,
            array.isel({SEED: i}).values,
            **{"color": look.color, "alpha": 0.35, "linewidth": 0.8, "label": label, **keywords},
        )
    _name(ax, array, x)


def zero_and_logs(ax: Any, axis: str = "x", width: float = 0.1, ticks: Iterable[float] = ()) -> None:
    """Zero and logarithms on one axis without a kink: the inverse hyperbolic sine of value / width.

    Args:
      ax: axes.
      axis: "x" or "y".
      width: below it the axis is linear, well above it logarithmic.
      ticks: labelled values; zero and the powers of ten among the data where none are given.
    """
    low, high = getattr(ax.dataLim, f"interval{axis}")
    powers = 10.0 ** np.arange(np.floor(np.log10(width)), np.ceil(np.log10(max(high, width))) + 1)
    shown = list(ticks) or [*(-v for v in powers if -v >= low), 0.0, *(v for v in powers if v <= high)]
    getattr(ax, f"set_{axis}scale")("asinh", linear_width=width)
    getattr(ax, f"set_{axis}ticks")(shown, [f"{value:g}" for value in shown])
    ax.tick_params(axis=axis, which="minor", length=0)


def legend_below(figure: Any, axes: Iterable[Any], columns: int = 4, **keywords: Any) -> None:
    """One legend under all panels, with each name once."""
    named = {words: mark for ax in axes for mark, words in zip(*ax.get_legend_handles_labels(), strict=True)}
    options = {"loc": "outside lower center", "ncols": columns, **keywords}
    figure.legend(list(named.values()), list(named), **options)


def finish(
    ax: Any,
    *,
    x: str = "",
    y: str = "",
    title: str = "",
    log: str = "",
    ticks: Any = None,
    legend: Any = "best",
    **more: Any,
) -> None:
    """Words, scales and legend of a panel.

    Args:
      ax: axes.
      x, y: axis words with their unit; empty keeps those of the data's labels.
      title: one line.
      log: which axes are logarithmic: "", "x", "y" or "xy".
      ticks: labelled values of a logarithmic x axis.
      legend: a place, keyword arguments of `legend`, or None for none.
      **more: to `ax.set` (limits).
    """
    for name, text in (("xlabel", x), ("ylabel", y), ("title", title)):
        if text:
            ax.set(**{name: text})
    for axis in log:
        ax.set(**{f"{axis}scale": "log"})
    if ticks is not None:
        style.log_ticks(ax, ticks)
    ax.set(**more)
    if legend is not None and ax.get_legend_handles_labels()[0]:
        ax.legend(**(legend if isinstance(legend, Mapping) else {"loc": legend}))
