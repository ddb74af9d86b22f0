"""What lies in the gallery, as records for its pages: one entry per published figure and variant."""

import dataclasses
import json
import pathlib
import shlex
from typing import Any, NamedTuple

from mtrl.harness.config import as_dict, declaring, from_dict, path_fields, rules_of
from mtrl.harness.judge import report
from mtrl.harness.judge.claims import KINDS, NOT_REPRODUCED, REPRODUCED, UNDECIDED
from mtrl.harness.study import PRESETS, Figure, Study

VERDICTS = (REPRODUCED, NOT_REPRODUCED, UNDECIDED)
TIMES = {
    30.0: "30 s",
    120.0: "2 min",
    600.0: "10 min",
    float("inf"): "longer",
}  # upper ends of the run times that the filter offers


class Claim(NamedTuple):
    """One judged claim, in words and numbers."""

    record: dict[str, Any]

    @property
    def kind(self) -> str:
        """`paper`, `reference`, `derived`, `sanity` or `speed`."""
        return self.record.get("kind", "paper")

    @property
    def verdict(self) -> str:
        """As stored."""
        return self.record["verdict"]

    @property
    def stand_in(self) -> bool:
        """Whether the data are not the paper's."""
        return bool(self.record.get("stand_in"))

    @property
    def why(self) -> str:
        """Reason of the region and note."""
        return " ".join(filter(None, (self.record.get("reason"), self.record.get("note"))))

    @property
    def unit(self) -> str:
        """Unit of both numbers, "" for none."""
        return {"1": ""}.get(self.record.get("unit") or "", self.record.get("unit") or "")

    @property
    def ours(self) -> str:
        """Our number in four digits."""
        return report.number(self.record["ours"])

    @property
    def interval(self) -> str:
        """Its 95 % interval, "" for a number without sampling error."""
        low, high = self.record["interval"]
        return "" if low == high and low is not None else f"[{report.number(low)}, {report.number(high)}]"

    @property
    def theirs(self) -> str:
        """The paper's number in the same unit, "" where it gives an ordering or a law."""
        value = self.record.get("value")
        return "" if value is None else report.number(value)


@dataclasses.dataclass(frozen=True)
class Entry:
    """One figure, or one variant of it, as published.

    Attributes:
      study, figure: what it belongs to.
      variant: "" for the figure itself, else what follows `<figure>-` in the folder's name.
      folder: where it lies.
      config: its configuration.
      x64: its precision.
      run: `run.json`, empty where the figure was not stamped.
      claims: judged.
    """

    study: Study
    figure: Figure
    variant: str
    folder: pathlib.Path
    config: Any
    x64: bool
    run: dict[str, Any]
    claims: tuple[Claim, ...]

    @property
    def anchor(self) -> str:
        """Its place on the paper's page."""
        return self.folder.name

    @property
    def title(self) -> str:
        """The figure's title, with the variant."""
        return self.figure.title + (f" ({self.variant})" if self.variant else "")

    @property
    def picture(self) -> str:
        """File name of the picture: SVG where there is one."""
        return "figure.svg" if (self.folder / "figure.svg").is_file() else "figure.png"

    @property
    def tables(self) -> list[dict[str, Any]]:
        """Its tables of numbers: caption, columns, rows."""
        return _json(self.folder / "tables.json", [])

    @property
    def tab(self) -> str:
        """What its tab says: which of the figure's variants it is."""
        words = {"paper": "paper sizes", "own": "own sizes"}.get(self.preset, self.preset)
        if self.origin == "real":
            return f"real data: {self.variant or words}"
        return self.variant if self.variant and self.preset != "paper" else words

    @property
    def files(self) -> list[tuple[str, str]]:
        """(file, words) of what can be downloaded."""
        offered = {
            "data.nc": "data with every seed (netCDF)",
            "means.csv": "means and 95 % intervals (CSV)",
            "figure.pdf": "picture (PDF)",
            "figure.png": "picture (PNG)",
            "claims.json": "claims",
            "config.json": "configuration",
        }
        return [(name, words) for name, words in offered.items() if (self.folder / name).is_file()]

    @property
    def preset(self) -> str:
        """The preset whose values these are, "own" where some differ."""
        with declaring():
            return next(
                (p for p in PRESETS[::-1] if as_dict(self.figure.configure(p, {})) == as_dict(self.config)), "own"
            )

    @property
    def origin(self) -> str:
        """`real` where a file is read, `stand-in` where a claim says that the data are not the paper's, else `synthetic`."""
        if any(getattr(self.config, name) for name in path_fields(self.figure.config)):
            return "real"
        return "stand-in" if any(claim.stand_in for claim in self.claims) else "synthetic"

    def changed(self, preset: str) -> dict[str, tuple[Any, Any]]:
        """Fields that differ from a preset: name -> (here, there)."""
        with declaring():
            there = as_dict(self.figure.configure(preset, {}))
        here = as_dict(self.config)
        return {name: (here[name], there[name]) for name in here if here[name] != there[name]}

    @property
    def command(self) -> str:
        """What remakes it, exactly; folders of data stand by their names."""
        preset = self.preset if self.preset != "own" else "quick"
        flags = {name: here for name, (here, _) in self.changed(preset).items()}
        words = [f"--figure={self.figure.name}", f"--preset={preset}"]
        words += [f"--{name}={_text(value)}" for name, value in flags.items()]
        words += [] if self.x64 else ["--x64=false"]
        return " ".join([f"python -m {self.study.module}", *(shlex.quote(word) for word in words)])

    @property
    def differs(self) -> list[str]:
        """What is not as in the paper's own sizes, in words."""
        words = ["the data are a stand-in, not the paper's"] if self.origin == "stand-in" else []
        paths = path_fields(self.figure.config)
        for name, (here, there) in self.changed("paper").items():
            if name not in paths:
                words.append(f"{name.replace('_', ' ')} {_text(here)} (preset paper: {_text(there)})")
        return words

    @property
    def settings(self) -> list[tuple[str, str, str]]:
        """(field, value with unit, help) of the configuration."""
        rows = []
        for item in dataclasses.fields(self.config):
            rules, value = rules_of(item), getattr(self.config, item.name)
            unit = f" {rules['unit']}" if rules["unit"] not in ("", "1") else ""
            rows.append((item.name, f"{_text(value) or '-'}{unit}", rules["help"]))
        return rows

    @property
    def seconds(self) -> float | None:
        """Wall time of the run."""
        return self.run.get("wall_time_seconds")

    @property
    def time(self) -> str:
        """The class of its run time, "" where it is not known."""
        return "" if self.seconds is None else next(words for most, words in TIMES.items() if self.seconds <= most)

    @property
    def leading(self) -> Claim | None:
        """The first claim of the paper, else the first of all."""
        return next((claim for claim in self.claims if claim.kind == KINDS[0]), self.claims[0] if self.claims else None)

    @property
    def answer(self) -> str:
        """What came out, in one sentence: the leading claim with its numbers, and how many of all hold."""
        claim = self.leading
        if claim is None:
            return "It is shown without a claim."
        ours = " ".join(filter(None, (claim.ours, claim.interval, claim.unit)))
        theirs = f", the paper's {claim.theirs}" if claim.theirs else ""
        data = " on stand-in data" if claim.stand_in else ""
        words = f"{claim.verdict.capitalize()}{data}: {claim.record['claim']}, ours {ours}{theirs} (agrees: {claim.record['accepts']})"
        counts = {v: n for v in VERDICTS if (n := sum(other.verdict == v for other in self.claims))}
        if len(self.claims) > 1:
            words += f"; of its {len(self.claims)} claims " + ", ".join(
                f"{n} {'is' if n == 1 else 'are'} {v}" for v, n in counts.items()
            )
        return words + "."


def entries(gallery: pathlib.Path, study: Study) -> list[Entry]:
    """Everything published of a study, each figure before its variants."""
    found = []
    for figure in study.figures:
        for folder in sorted(
            path for path in (gallery / study.name).glob(f"{figure.name}*") if _belongs(path, figure.name)
        ):
            stored = _json(folder / "config.json", {})
            with declaring():  # fields that were added since have their defaults, dropped ones are not shown
                quick = as_dict(figure.configure("quick", {}))
                known = {name: value for name, value in stored.get("config", {}).items() if name in quick}
                config = from_dict(figure.config, {**quick, **known})
            records = tuple(Claim(record) for record in _json(folder / "claims.json", []))
            variant = folder.name[len(figure.name) + 1 :]
            run = _json(folder / "run.json", {})
            found.append(Entry(study, figure, variant, folder, config, stored.get("x64", True), run, records))
    return found


def tally(found: list[Entry]) -> dict[str, dict[str, int]]:
    """kind -> verdict -> number; claims on stand-in data apart, a variant of a figure not counted again."""
    counts: dict[str, dict[str, int]] = {}
    for entry in found:
        for claim in () if entry.variant else entry.claims:
            kind = claim.kind + (" (stand-in data)" if claim.stand_in else "")
            row = counts.setdefault(kind, dict.fromkeys(VERDICTS, 0))
            row[claim.verdict] += 1
    order = [*KINDS]
    return {kind: counts[kind] for kind in sorted(counts, key=lambda kind: (order.index(kind.split()[0]), kind))}


def _text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, (tuple, list)) else str(value)


def _json(path: pathlib.Path, missing: Any) -> Any:
    return json.loads(path.read_text()) if path.is_file() else missing


def _belongs(folder: pathlib.Path, figure: str) -> bool:
    """`<figure>` itself, or `<figure>-<variant>` for the same figure on real data."""
    return (folder.name == figure or folder.name.startswith(f"{figure}-")) and (folder / "claims.json").is_file()
