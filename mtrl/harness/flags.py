"""Dataclass fields as absl flags, with the nearest name for a mistyped one."""

import dataclasses
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from absl import flags

from mtrl.harness.config import declaring, parse_value, rules_of, types_of
from mtrl.harness.run import cluster
from mtrl.harness.run.engine import ENGINES
from mtrl.harness.study import PRESETS, Figure, Study, unknown
from mtrl.harness.swept import SWEEP, Sweep, joined, read_file, split
from mtrl.numerics.errors import BadInput

HELP = ("--help", "-h", "-help")


class Options(NamedTuple):
    """What one command line asks for."""

    figures: tuple[str, ...]
    preset: str
    out: str
    plot_only: bool
    overwrite: bool
    x64: bool
    engine: str
    place: cluster.Place | None  # among several processes
    workers: int  # 0: one per core
    retries: int
    ray_address: str
    overrides: dict[str, str]  # field -> text
    sweep: Sweep | None
    dry_run: bool
    compilation_cache: str


def _define_common(values: flags.FlagValues, figure_names: Sequence[str]) -> None:
    flags.DEFINE_list(
        "figure", [], f"figures to make: {', '.join(figure_names)}; all when not given", flag_values=values
    )
    flags.DEFINE_string("preset", "quick", f"sizes: {', '.join(PRESETS)}", flag_values=values)
    flags.DEFINE_string("out", "results", "folder for the results, <out>/<study>/<figure>/", flag_values=values)
    flags.DEFINE_bool("plot_only", False, "redraw and re-judge from the stored data", flag_values=values)
    flags.DEFINE_bool("overwrite", False, "replace results of another configuration", flag_values=values)
    flags.DEFINE_bool("x64", True, "64-bit floats; false for speed on GPU and TPU", flag_values=values)
    flags.DEFINE_bool("dry_run", False, "say what would be done, and compute and write nothing", flag_values=values)
    flags.DEFINE_string(
        "sweep_file",
        "",
        'JSON of a sweep: {"field": [value, ...]} for a grid, [{"field": value}, ...] for points',
        flag_values=values,
    )
    flags.DEFINE_string(
        "compilation_cache",
        "",
        "folder of compiled programs kept between runs, or off; empty: JAX_COMPILATION_CACHE_DIR, else the user's cache",
        flag_values=values,
    )
    flags.DEFINE_string("engine", "serial", f"what carries the cells: {', '.join(ENGINES)}", flag_values=values)
    flags.DEFINE_bool("distributed", False, "one of several processes that share each cell's seeds", flag_values=values)
    flags.DEFINE_string("coordinator", "", "HOST:PORT of process 0 (--distributed)", flag_values=values)
    flags.DEFINE_integer("processes", None, "how many there are (--distributed)", flag_values=values)
    flags.DEFINE_integer("process_id", None, "which of them this is, from 0 (--distributed)", flag_values=values)
    flags.DEFINE_integer(
        "workers",
        0,
        "processes at once of the engines processes and ray; 0: one per core",
        lower_bound=0,
        flag_values=values,
    )
    flags.DEFINE_integer(
        "retries", 2, "how often a cell is tried again whose worker died", lower_bound=0, flag_values=values
    )
    flags.DEFINE_string(
        "ray_address",
        "",
        "Ray cluster of --engine=ray, e.g. auto or 10.0.0.1:6379; empty: this machine",
        flag_values=values,
    )


def _fields(study: Study, figures: Sequence[str]) -> dict[str, list[tuple[str, dataclasses.Field, type]]]:
    """Field name -> (figure, field, configuration class) of the selected figures that have it."""
    found: dict[str, list[tuple[str, dataclasses.Field, type]]] = {}
    for figure in study.figures:
        if not figures or figure.name in figures:
            for item in dataclasses.fields(figure.config):
                found.setdefault(item.name, []).append((figure.name, item, figure.config))
    return found


def _flag_values(study: Study) -> flags.FlagValues:
    """All flags of a study; a field shared by several figures is one flag."""
    values = flags.FlagValues()
    _define_common(values, [figure.name for figure in study.figures])
    for name, users in _fields(study, ()).items():
        rules = rules_of(users[0][1])
        unit = f" [{rules['unit']}]" if rules["unit"] not in ("", "1") else ""
        choices = f" one of {', '.join(map(str, rules['choices']))};" if rules["choices"] else ""
        where = "" if len(users) == len(study.figures) else f" ({', '.join(user[0] for user in users)})"
        default = _text(users[0][1].default) if len({user[1].default for user in users}) == 1 else "per figure"
        text = f"{rules['help']}{unit};{choices} quick: {default}{where}"
        flags.DEFINE_string(name, None, text, flag_values=values)
        flags.DEFINE_string(SWEEP + name, None, f"several values of {name}: a sweep", flag_values=values)
    return values


def _text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _figure_page(figure: Figure) -> str:
    """One figure with its fields at every preset."""
    with declaring():
        presets = {preset: figure.configure(preset, {}) for preset in PRESETS}
    lines = [f"{figure.name}: {figure.title}", "", f"fields ({', '.join(PRESETS)} where they differ):"]
    for item in dataclasses.fields(figure.config):
        texts = [_text(getattr(config, item.name)) for config in presets.values()]
        rules = rules_of(item)
        unit = f" [{rules['unit']}]" if rules["unit"] not in ("", "1") else ""
        lines.append(
            f"  --{item.name}: {rules['help']}{unit}: {texts[0] if len(set(texts)) == 1 else ' | '.join(texts)}"
        )
    return "\n".join([*lines, "", "claims:", *(f"  {claim.text} ({claim.paper})" for claim in figure.claims)])


def help_text(study: Study, arguments: Sequence[str] = ()) -> str:
    """The `--help` page of a study, or of the figures that the other arguments name.

    Raises:
      BadInput: a figure that does not exist.
    """
    chosen = [argument for argument in arguments if argument not in HELP]
    if figures := parse(study, chosen).figures if chosen else ():
        return "\n\n".join(_figure_page(study.figure(name)) for name in figures)
    values = _flag_values(study)
    lines = [f"{study.name}: {study.summary}", study.paper, "", "figures:"]
    lines += [f"  {figure.name}: {figure.title}" for figure in study.figures]
    lines += ["", "flags (any field also as --sweep.<field>=a,b,c; lists within a sweep are separated by ';'):"]
    lines += [f"  --{name}: {values[name].help}" for name in sorted(values) if not name.startswith(SWEEP)]
    return "\n".join(lines)


def parse(study: Study, arguments: Sequence[str]) -> Options:
    """Parse a command line.

    Raises:
      BadInput: unknown flag or figure (nearest name suggested), a value of the wrong type, a preset or engine that does not exist.
    """
    values = _flag_values(study)
    try:
        arguments = values.read_flags_from_files(list(arguments))
        _, *rest = values([study.name, *arguments])
    except flags.UnrecognizedFlagError as error:
        raise BadInput(unknown("flag", f"--{error.flagname}", [f"--{known}" for known in values])) from None
    except flags.Error as error:
        raise BadInput(f"cannot read the flags: {str(error).splitlines()[0]}") from None
    if rest:
        raise BadInput(f"unexpected argument '{rest[0]}'; flags look like --name=value or --name value")
    values.figure = [study.figure(name).name for name in values.figure]
    for what, name, known in (("preset", values.preset, PRESETS), ("engine", values.engine, tuple(ENGINES))):
        if name not in known:
            raise BadInput(unknown(what, name, list(known)))
    place = cluster.Place(values.coordinator, values.processes, values.process_id)
    if place != cluster.Place() and not values.distributed:
        raise BadInput("--coordinator, --processes and --process_id are for --distributed; add it, or drop them")
    for what, odd in (
        ("--plot_only", values.plot_only),
        ("--dry_run", values.dry_run),
        (f"--engine={values.engine}", values.engine != "serial"),
    ):
        if values.distributed and odd:
            raise BadInput(f"--distributed shares out the seeds of each cell and takes no {what}; drop one of the two")
    if values.workers and values.engine == "serial":
        raise BadInput("--workers is for --engine=processes or ray, but the engine is serial; add an engine")
    if values.ray_address and values.engine != "ray":
        raise BadInput(f"--ray_address is for --engine=ray, but the engine is {values.engine}; add --engine=ray")
    overrides, sweep = {}, {}
    available = _fields(study, values.figure)
    for name in _fields(study, ()):
        for given, target in ((values[name].value, overrides), (values[SWEEP + name].value, sweep)):
            if given is None:
                continue
            if name not in available:
                raise BadInput(
                    f"--{name} is not a flag of {', '.join(values.figure)}; it belongs to other figures of {study.name}"
                )
            target[name] = given
    given = [argument.lstrip("-").split("=")[0].removeprefix(SWEEP) for argument in arguments]
    grid = {name: split(sweep[name]) for name in sorted(sweep, key=given.index)}  # the first swept field is the x axis
    file = read_file(pathlib.Path(values.sweep_file).expanduser(), list(available)) if values.sweep_file else None
    swept = joined(grid, file)
    names = swept.fields if swept else []
    if both := sorted(set(overrides) & set(names)):
        raise BadInput(f"{both[0]} is both set and swept; keep one of --{both[0]} and --{SWEEP}{both[0]}")
    if values.plot_only and (odd := [*overrides, *names, *(["dry_run"] if values.dry_run else [])]):
        raise BadInput(f"--plot_only redraws what is stored and takes no --{odd[0]}; drop one of the two")
    return Options(
        tuple(values.figure),
        values.preset,
        values.out,
        values.plot_only,
        values.overwrite,
        values.x64,
        values.engine,
        cluster.checked(place) if values.distributed else None,
        values.workers,
        values.retries,
        values.ray_address,
        overrides,
        swept,
        values.dry_run,
        values.compilation_cache,
    )


def typed(config: type, texts: Mapping[str, str]) -> dict[str, Any]:
    """The overrides that `config` has, in their types; the others belong to other figures.

    Raises:
      BadInput: a value of the wrong type.
    """
    kinds = types_of(config)
    return {name: parse_value(name, kinds[name], text) for name, text in texts.items() if name in kinds}
