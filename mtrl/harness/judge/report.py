"""The claims table printed at the end of a run."""

import textwrap
from typing import Any

_SIGN = {"reproduced": "yes", "not reproduced": "NO", "undecided": "?"}


def number(x: float | None) -> str:
    """A number in four digits, or a dash."""
    return "-" if x is None else f"{x:.4g}"


def ours(record: dict[str, Any]) -> str:
    """Our number, with its interval when it has one."""
    low, high = record["interval"]
    if low == high and low is not None:
        return number(record["ours"])
    return f"{number(record['ours'])} [{number(low)}, {number(high)}]"


def claims_table(results: list[tuple[Any, list[dict[str, Any]]]], with_study: bool = False) -> str:
    """Every claim with the paper's number, ours and the verdict, in plain columns."""
    rows = [("figure", "claim", "ours [interval]", "agrees when", "verdict")]
    for job, records in results:
        for record in records:
            name = f"{job.study.name}/{job.figure.name}" if with_study else f"{job.figure.name} {job.point}".rstrip()
            rows.append(
                (
                    name,
                    textwrap.shorten(record["claim"], 74, placeholder="..."),
                    ours(record),
                    record["accepts"],
                    record["verdict"],
                )
            )
    if len(rows) == 1:
        return "no claims"
    widths = [max(len(row[i]) for row in rows) for i in range(5)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    counts = {v: sum(row[4] == v for row in rows[1:]) for v in _SIGN}
    lines.insert(1, "-" * len(lines[0]))
    return "\n".join([*lines, ", ".join(f"{n} {v}" for v, n in counts.items() if n)])
