"""A study is one paper: figures, each with its configuration, its run, its drawing and its claims, all as data."""

import dataclasses
import os
import pathlib
import sys
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mtrl.harness.config import BaseConfig, check_distinct, declaring, path_fields, replace, types_of
from mtrl.harness.judge.claims import Claim
from mtrl.numerics.errors import BadInput

PRESETS = ("smoke", "quick", "paper")


def _absent(*_: Any) -> Any:
    raise TypeError("this figure has no such part")


@dataclasses.dataclass(frozen=True)
class Figure:
    """One figure or table of a study.

    `Figure(__name__, title=...)` at the end of a file takes from that file what is not given: the name, the configuration class that is
    defined there, and the functions `run` and `draw`.

    Attributes:
      module: `__name__` of the file that the rest is taken from; "" where everything is given.
      name: lower-case name, as in `--figure=NAME`.
      title: one line for the gallery.
      config: frozen dataclass; its defaults are the `quick` preset.
      run: host function `run(config, seeds) -> xarray.Dataset` of one cell.
      draw: `draw(data, config) -> matplotlib Figure`, reading only the dataset.
      claims: checked statements.
      split: tuple-valued fields over which the harness makes one cell per value (in a cell the field is a 1-tuple); a mapping field ->
        dimension lets the harness add the dimension that `run` leaves out.
      presets: field overrides of `smoke` and `paper`.
      memory: optional estimate of the bytes `run` needs, from a configuration.
      inputs: optional list of the files that `run` reads, from a configuration, where those are fewer than all that lie below its path
        fields; their contents are part of every cell's name.
      optional: variables that may be infinite, or NaN throughout a cell, where they do not exist (a law outside its range).
      version: raised when the meaning of stored results changes.
      aliases: other names that `--figure` takes, such as the number in the paper.
      headline: the study's main statement, at most 30 s at `quick`; `make figures` makes these.
      question: what the figure asks, one sentence for the gallery.
      tables: optional `tables(data, config) -> [plots.Table]` of numbers that the gallery's page gives beside the picture.
      size: `size(config, labels)` -> the sizes of what is timed, in words of the gallery's table of speeds; labels are those of `Sides`.
    """

    module: str = ""
    name: str = ""
    title: str = ""
    config: type[BaseConfig] = BaseConfig
    run: Callable[[Any, Any], Any] = _absent
    draw: Callable[[Any, Any], Any] = _absent
    claims: tuple[Claim, ...] = ()
    split: tuple[str, ...] | Mapping[str, str] = ()
    presets: Mapping[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)
    memory: Callable[[Any], int] | None = None
    inputs: Callable[[Any], Sequence[str | os.PathLike]] | None = None
    optional: tuple[str, ...] = ()
    version: int = 1
    aliases: tuple[str, ...] = ()
    headline: bool = False
    question: str = ""
    tables: Callable[[Any, Any], Sequence[Any]] | None = None
    size: Callable[[Any, Mapping[str, Any]], str] | None = None

    def __post_init__(self):
        """Take what the module has, and catch a study's own mistakes when it is imported, not after hours of running."""
        self._take()
        for name in ("run", "draw"):
            if getattr(self, name) is _absent:
                raise TypeError(
                    f"figure {self.name}: no function `{name}` was given or stands in the module '{self.module}'"
                )
        kinds = types_of(self.config)
        for name in self.split:
            if typing.get_origin(kinds.get(name)) is not tuple:
                raise TypeError(
                    f"figure {self.name}: split field {name} is not a tuple field of {self.config.__name__}"
                )
        for preset in self.presets:
            if preset not in PRESETS:
                raise TypeError(f"figure {self.name}: unknown preset {preset}")
        with declaring():
            for preset in PRESETS:
                self.configure(preset, {})

    def _take(self) -> None:
        room = vars(sys.modules[self.module]) if self.module else {}
        own = [
            x
            for x in room.values()
            if isinstance(x, type) and issubclass(x, BaseConfig) and x.__module__ == self.module
        ]
        parts = {name: room.get(name) for name in ("run", "draw")}
        parts |= {"name": self.module.rpartition(".")[2], "config": own[0] if len(own) == 1 else None}
        for item in dataclasses.fields(self):
            if getattr(self, item.name) is item.default and parts.get(item.name):
                object.__setattr__(self, item.name, parts[item.name])
        if self.config is BaseConfig and own:
            names = ", ".join(x.__name__ for x in own)
            raise TypeError(f"figure {self.name}: {self.module} has several configurations ({names}); give config=")

    def reads(self, config: Any) -> list[pathlib.Path]:
        """The files that `run` reads: what `inputs` says, else every file that the path fields name or that lies below them."""
        if self.inputs is not None:
            return [pathlib.Path(path) for path in self.inputs(config)]
        named = [pathlib.Path(value) for name in path_fields(self.config) if (value := getattr(config, name))]
        return [
            file
            for path in named
            for file in (sorted(path.rglob("*")) if path.is_dir() else [path])
            if not file.is_dir()
        ]

    def configure(self, preset: str, overrides: Mapping[str, Any]) -> Any:
        """The validated configuration of a preset with overrides on top."""
        config = replace(self.config(), **{**self.presets.get(preset, {}), **overrides})
        for name in self.split:
            check_distinct(name, getattr(config, name))
        return config


@dataclasses.dataclass(frozen=True)
class Paper:
    """What a study stands on.

    Attributes:
      title: of the paper.
      authors: family names, in order.
      year: of publication.
      venue: abbreviated; "arXiv" where there is none yet.
      arxiv: identifier there, "" where it is not there.
    """

    title: str
    authors: tuple[str, ...]
    year: int
    venue: str
    arxiv: str = ""

    @property
    def key(self) -> str:
        """Key of the BibTeX entry: first author and year."""
        return "".join(c for c in self.authors[0].lower() if c.isalpha()) + str(self.year)

    @property
    def bibtex(self) -> str:
        """The entry to copy."""
        fields = {"title": f"{{{self.title}}}", "author": " and ".join(self.authors), "year": self.year}
        fields |= {"booktitle": self.venue} if self.venue != "arXiv" else {}
        fields |= {"eprint": self.arxiv, "archiveprefix": "arXiv"} if self.arxiv else {}
        lines = [f"  {name} = {{{value}}}," for name, value in fields.items()]
        kind = "misc" if self.venue == "arXiv" else "inproceedings"
        return "\n".join([f"@{kind}{{{self.key},", *lines, "}"])


@dataclasses.dataclass(frozen=True)
class Study:
    """One paper's figures.

    Attributes:
      name: of the module.
      paper: authors, year, venue, identifier.
      summary: one line.
      figures: in the order of the gallery.
      package: where the module lies; workers import `<package>.<name>`.
      papers: the paper first, then those its baselines and relatives come from; none for a benchmark.
      confirmed: what was seen in the paper, its code or its reviews, in a sentence or two.
      reconstructed: what the paper leaves open and was derived or chosen here.
    """

    name: str
    paper: str
    summary: str
    figures: tuple[Figure, ...]
    package: str = "experiments"
    papers: tuple[Paper, ...] = ()
    confirmed: str = ""
    reconstructed: str = ""

    @property
    def module(self) -> str:
        """Full name of the module whose `STUDY` this is."""
        return f"{self.package}.{self.name}"

    def figure(self, name: str) -> Figure:
        """The figure of that name.

        Raises:
          BadInput: there is none; the nearest name is suggested.
        """
        for figure in self.figures:
            if name in (figure.name, *figure.aliases):
                return figure
        known = [known for figure in self.figures for known in (figure.name, *figure.aliases)]
        raise BadInput(unknown(f"figure of {self.name}", name, known))


def unknown(what: str, name: str, known: list[str]) -> str:
    """One sentence for an unknown name, with the nearest known one."""
    import difflib

    near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
    return f"unknown {what} '{name}'; {hint}"
