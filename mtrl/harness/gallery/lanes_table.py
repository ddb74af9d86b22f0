"""How many seeds at once: the times of `python -m tests.lanes` (`lanes.json`) as a table, every width beside the fastest."""

import json
import math
import pathlib
from typing import Any, NamedTuple

import numpy as np

from mtrl.harness.judge.claims import NOT_REPRODUCED, REPRODUCED, Interval, at_most, mean_interval, verdict

SLOWER = 1.15  # times the fastest width: the most that is asked of `auto`
WIDTHS = ("in turn", "1", "2", "4", "8", "all")
_WORDS = {REPRODUCED: "within", NOT_REPRODUCED: "slower"}


class Row(NamedTuple):
    """One program of a figure.

    Attributes:
      program: in words.
      seeds, of: how many were timed, and how many the figure runs.
      mebibytes: that one seed keeps alive, counted in the traced program.
      best, fastest: s of processor time, and the width that takes it.
      widths: of `WIDTHS`, time over the best; None where a width was not timed or is another one's equal.
      auto, auto_ratio, auto_within: what `auto` picks, its time over the best, and "within", "slower" or "undecided" against `SLOWER`.
      today, today_ratio, today_within: the same of the width that the figure asks for.
      peak: MiB of temporaries of the width asked for today, as compiled, of the seeds that were timed.
    """

    program: str
    seeds: int
    of: int
    mebibytes: float
    best: float
    fastest: str
    widths: tuple[float | None, ...]
    auto: str
    auto_ratio: Interval
    auto_within: str
    today: str
    today_ratio: Interval
    today_within: str
    peak: float


def over_best(seconds: dict[str, list[float]], width: str, fastest: str) -> Interval:
    """Time over the fastest width's: geometric mean of the ratios of the rounds, with its 95 % interval."""
    if width == fastest:
        return Interval(1.0, 1.0, 1.0)
    if width not in seconds:
        return Interval(math.nan, math.nan, math.nan)
    logs = np.log(seconds[width]) - np.log(seconds[fastest])
    return Interval(*np.exp(mean_interval(logs)))


def within(ratio: Interval) -> str:
    """Whether a ratio is at most `SLOWER`: "within", "slower", or "undecided" where its interval holds both."""
    return _WORDS.get(verdict(ratio, at_most(SLOWER)), "undecided")


def row(program: dict[str, Any]) -> Row:
    """A row from a stored program."""
    seconds = program["seconds"]
    means = {name: float(np.exp(np.mean(np.log(times)))) for name, times in seconds.items()}
    fastest = min(means, key=lambda name: means[name])
    auto, today = (over_best(seconds, program[name], fastest) for name in ("auto", "today"))
    return Row(
        program["program"],
        program["seeds"],
        program["figure_seeds"],
        program["seed_bytes"] / 2**20,
        means[fastest],
        fastest,
        tuple(means[name] / means[fastest] if name in means else None for name in WIDTHS),
        program["auto"],
        auto,
        within(auto),
        program["today"],
        today,
        within(today),
        program["temporary_bytes"].get(program["today"], math.nan) / 2**20,
    )


def read(gallery: pathlib.Path) -> dict[str, Any] | None:
    """What the page shows of `lanes.json`: figures with their rows, and how many are within; None where it was not made."""
    path = gallery / "lanes.json"
    if not path.is_file():
        return None
    stored = json.loads(path.read_text())
    figures = [{**figure, "rows": [row(program) for program in figure["programs"]]} for figure in stored["figures"]]
    rows = [one for figure in figures for one in figure["rows"]]
    counts = {
        who: {
            word: sum(getattr(one, f"{who}_within") == word for one in rows)
            for word in ("within", "slower", "undecided")
        }
        for who in ("auto", "today")
    }
    there = {f"{figure['study']}/{figure['figure']}" for figure in figures}
    absent = [name for name in stored.get("listed", []) if name not in there]
    dates = sorted({figure["date"] for figure in figures})
    return {
        "figures": figures,
        "counts": counts,
        "total": len(rows),
        "dates": dates,
        "absent": absent,
        "notes": stored.get("notes", []),
        "widths": WIDTHS,
    }
