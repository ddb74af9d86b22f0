"""A sweep at a glance: every claim's number against what was swept, and the figure itself at each point."""

import io
import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mtrl.harness.judge.claims import NOT_REPRODUCED, REPRODUCED, UNDECIDED, Region
from mtrl.harness.picture import style

MOST = 12  # panels
_MARKS = {REPRODUCED: "o", UNDECIDED: "D", NOT_REPRODUCED: "X"}

Point = Mapping[str, str]  # field -> text


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _axis(points: Sequence[Point], field: str) -> tuple[np.ndarray, list[str], bool]:
    """Where the points lie along a field, the labels of its ticks where it is no number, and whether a logarithm suits it."""
    texts = [point[field] for point in points]
    values = np.array([_number(text) for text in texts])
    if np.isfinite(values).all():
        wide = len(set(texts)) > 2 and values.min() > 0 and values.max() >= 20 * values.min()
        return values, [], bool(wide)
    labels = list(dict.fromkeys(texts))
    return np.array([labels.index(text) for text in texts], dtype=float), labels, False


def _words(point: Point, fields: Sequence[str]) -> str:
    return ", ".join(f"{name}={textwrap.shorten(point[name], 24, placeholder='...')}" for name in fields)


def _shade(ax: Any, region: Region) -> None:
    """The accepted region, up to the edge of the panel where it has no end."""
    low, high = ax.get_ylim()
    ends = [value for value in region if math.isfinite(value)]
    low, high = min([low, *ends]), max([high, *ends])
    room = 0.06 * ((high - low) or 1.0)
    ax.set_ylim(low - room, high + room)
    ax.axhspan(
        max(region.low, low - room), min(region.high, high + room), color="#009E73", alpha=0.13, linewidth=0, zorder=0
    )
    for end in ends:
        ax.axhline(end, color="#009E73", linewidth=0.8, alpha=0.7, zorder=0)


def claims(
    judged: Sequence[tuple[Point, Sequence[Mapping[str, Any]]]], regions: Mapping[str, Region], fields: Sequence[str]
) -> Any:
    """Every claim's number with its interval against the first swept field: one panel a claim, the accepted region shaded.

    The verdict is the marker; each value of a second field (or each combination of several) has its colour. Nothing is averaged.

    Args:
      judged: texts of the swept fields and claim records, point by point.
      regions: what each claim accepts, by its text.
      fields: swept; the first is the horizontal axis.

    Returns:
      A matplotlib figure, or None where no claim has a number at any point.
    """
    points = [point for point, _ in judged]
    where, labels, logarithmic = _axis(points, fields[0])
    groups = [_words(point, fields[1:]) for point in points]
    colours = {group: style.COLORS[i % len(style.COLORS)] for i, group in enumerate(dict.fromkeys(groups))}
    found: dict[str, list[tuple[int, Mapping[str, Any]]]] = {}
    for i, (_, records) in enumerate(judged):
        for record in records:
            if record["ours"] is not None:
                found.setdefault(record["claim"], []).append((i, record))
    if not found:
        return None
    shown, more = list(found)[:MOST], list(found)[MOST:]
    columns = min(3, len(shown))
    figure, axes = style.subplots(-(-len(shown) // columns), columns, width=4.4, height=3.2)
    for ax in axes.ravel()[len(shown) :]:
        ax.axis("off")
    step = np.ptp(where) / 60 if not logarithmic else 0.0  # neighbours of one place stand side by side
    for ax, text in zip(axes.ravel(), shown, strict=False):
        for number, (group, colour) in enumerate(colours.items()):
            mine = [(i, record) for i, record in found[text] if groups[i] == group]
            mine.sort(key=lambda pair: where[pair[0]])
            aside = (number - (len(colours) - 1) / 2) * step if len(colours) <= 6 else 0.0
            x = np.array([where[i] + aside for i, _ in mine])
            y = np.array([record["ours"] for _, record in mine])
            ends = np.array([[math.nan if e is None else e for e in record["interval"]] for _, record in mine])
            if not mine:
                continue
            if not labels:
                ax.plot(x, y, color=colour, linewidth=0.9, alpha=0.5)
            bars = np.abs(np.nan_to_num(ends - y[:, None])).T
            ax.errorbar(x, y, bars, fmt="none", ecolor=colour, elinewidth=1, capsize=2)
            for verdict, mark in _MARKS.items():
                chosen = np.array([record["verdict"] == verdict for _, record in mine])
                face = colour if verdict == REPRODUCED else "white"
                ax.plot(
                    x[chosen],
                    y[chosen],
                    linestyle="none",
                    marker=mark,
                    color=colour,
                    markerfacecolor=face,
                    markersize=6,
                )
        _shade(ax, regions[text])
        if logarithmic:
            style.log_ticks(ax, where)
        elif labels:
            ax.set_xticks(range(len(labels)), [textwrap.shorten(label, 16, placeholder="...") for label in labels])
            ax.set_xlim(-0.5, len(labels) - 0.5)
        unit = found[text][0][1]["unit"]
        ax.set(xlabel=fields[0], ylabel=unit if unit not in ("", "1") else "ours [95 %]")
        ax.set_title("\n".join(textwrap.wrap(textwrap.shorten(text, 130, placeholder="..."), 46)), fontsize=8.5)
    _legend(figure, colours if len(colours) > 1 else {})
    if more:
        names = "; ".join(textwrap.shorten(text, 60, placeholder="...") for text in more)
        figure.supxlabel("\n".join(textwrap.wrap(f"not shown: {names}", 48 * columns)), fontsize=7.5)
    return figure


def _legend(figure: Any, colours: Mapping[str, str]) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    marks = []
    for verdict, mark in _MARKS.items():
        face = "black" if verdict == REPRODUCED else "white"
        marks.append(Line2D([], [], linestyle="none", marker=mark, color="black", markerfacecolor=face, label=verdict))
    region = Patch(color="#009E73", alpha=0.13, label="accepted")
    groups = [Line2D([], [], color=colour, label=group) for group, colour in list(colours.items())[:16]]
    rest = [Line2D([], [], linestyle="none", label=f"and {len(colours) - 16} more")] if len(colours) > 16 else []
    figure.legend(handles=[*marks, region, *groups, *rest], loc="outside upper left", ncols=4, fontsize=8)


def share_axes(figures: Sequence[Any]) -> None:
    """Give the panels that correspond in several figures the same limits, where all have as many panels of the same kinds."""
    panels = [figure.axes for figure in figures]
    if len({len(each) for each in panels}) != 1:
        return
    for same in zip(*panels, strict=True):
        for which in "xy":
            kinds = {(getattr(ax, f"get_{which}scale")(), ax.axison, bool(ax.images)) for ax in same}
            if len(kinds) != 1 or not same[0].axison or same[0].images:
                continue
            limits = np.array([getattr(ax, f"get_{which}lim")() for ax in same])
            if (limits[:, 0] < limits[:, 1]).all():  # an axis that runs backwards keeps its own
                for ax in same:
                    getattr(ax, f"set_{which}lim")(limits[:, 0].min(), limits[:, 1].max())


def contact_sheet(figures: Sequence[Any], points: Sequence[Point], count: int) -> Any:
    """The study's own figure at each point, on shared axes, labelled by the point.

    Args:
      figures: as drawn, one a point, at most `MOST`.
      points: their swept fields.
      count: how many points there are in all.

    Returns:
      A matplotlib figure of pictures.
    """
    share_axes(figures)
    pictures = []
    for figure in figures:
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=110, metadata=style.METADATA["png"])
        buffer.seek(0)
        pictures.append(_read(buffer))
    fields = list(points[0])
    firsts = list(dict.fromkeys(point[fields[0]] for point in points))
    wide = max(picture.shape[1] / picture.shape[0] for picture in pictures)
    columns = len(firsts) if len(fields) > 1 and len(points) % len(firsts) == 0 and len(firsts) <= 4 else 0
    columns = columns or min(len(points), 2 if wide > 2 else 3)
    ordered = list(range(len(points)))
    if columns == len(firsts) and len(fields) > 1:  # one column per value of the first field
        ordered.sort(key=lambda i: (points[i][fields[1]], firsts.index(points[i][fields[0]])))
    rows = -(-len(points) // columns)
    sheet, axes = style.subplots(
        rows, columns, width=min(5.0, 15.0 / columns), height=min(5.0, 15.0 / columns) / wide + 0.3
    )
    for ax in axes.ravel():
        ax.axis("off")
    for ax, i in zip(axes.ravel(), ordered, strict=False):
        ax.imshow(pictures[i], interpolation="lanczos")
        ax.set_title(_words(points[i], fields), fontsize=9)
    if count > len(points):
        sheet.supxlabel(f"the first {len(points)} of {count} points", fontsize=8)
    return sheet


def _read(buffer: Any) -> np.ndarray:
    from matplotlib import image

    return image.imread(buffer, format="png")
