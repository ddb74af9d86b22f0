"""Validated configurations: frozen dataclasses whose fields carry their help text, unit and allowed range."""

import contextlib
import contextvars
import dataclasses
import difflib
import json
import math
import os
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mtrl.numerics.errors import BadInput

_RULES = "mtrl"
MOST_SEEDS = 1_000_000  # seeds are 32-bit: beyond 2^32 they would silently repeat


def field(
    default: Any,
    *,
    help: str,
    unit: str = "",
    lower: float | None = None,
    upper: float | None = None,
    strict: bool = False,
    choices: Sequence[Any] | None = None,
    length: int | None = None,
    distinct: bool = False,
    at_most: str = "",
    path: bool = False,
) -> Any:
    """A dataclass field with its rules.

    Args:
      default: the value of the `quick` preset; tuples for comma lists.
      help: one line for `--help`.
      unit: unit of the value, "" when it has none.
      lower, upper: allowed range, elementwise for tuples; bounds included unless `strict`.
      strict: exclude the bounds.
      choices: the only values allowed, elementwise for tuples.
      length: required length of a tuple; any positive length when None.
      distinct: refuse a tuple that holds a value twice (a grid, an axis of the result); split fields are always distinct.
      at_most: name of a field that no value may exceed (a rank its dimension); of a tuple the smallest counts.
      path: the value names a file or folder that a run reads ("" for none): `~` is the home folder, and what lies there is part of every
        cell's name.
    """
    rules = dict(
        help=help,
        unit=unit,
        lower=lower,
        upper=upper,
        strict=strict,
        choices=choices,
        length=length,
        distinct=distinct,
        path=path,
        at_most=at_most,
    )
    return dataclasses.field(default=default, metadata={_RULES: rules})


@typing.dataclass_transform(frozen_default=True)
@dataclasses.dataclass(frozen=True)
class BaseConfig:
    """What every figure's configuration has.

    What derives from it is a frozen dataclass without saying so, and may give inherited fields other defaults by keywords of the class,
    as in `class LongConfig(BaseConfig, seeds=100)`: help and rules stay.
    """

    seeds: int = field(20, help="number of random seeds", lower=1)
    seed_batch: int = field(
        0, help="seeds per cell (part of the cell, never of the machine); 0 puts all in one", lower=0
    )
    first_seed: int = field(0, help="first seed; the others follow it", lower=0, upper=2**32 - 1 - MOST_SEEDS)

    lanes: int = field(
        0, help="seeds at once on a device, block after block, where a figure leaves it open; 0: as it chooses", lower=0
    )

    def __init_subclass__(cls, **defaults: Any) -> None:
        inherited, kinds = {item.name: item for item in dataclasses.fields(cls)}, typing.get_type_hints(cls)
        for name, value in defaults.items():
            if name not in inherited:
                raise TypeError(f"{cls.__name__} inherits no field {name}; declare it in the class")
            setattr(cls, name, dataclasses.field(default=value, metadata=inherited[name].metadata))
        cls.__annotations__ = {**cls.__dict__.get("__annotations__", {}), **{name: kinds[name] for name in defaults}}
        dataclasses.dataclass(frozen=True)(cls)

    def validate(self) -> None:
        """Cross-field checks of a study; raise BadInput with one sentence."""


class OwnDataConfig(BaseConfig):
    """What the configuration of a figure on real data has: where one's own multitask table lies (`mtrl.data.read_tasks`)."""

    data_dir: str = field(
        "",
        help="own tasks: a csv, npz, mat or arff file, or a folder with one file a task; empty: the stand-in",
        path=True,
    )
    columns: tuple[str, ...] = field(("task", "y"), help="the task's and the response's column of --data_dir", length=2)
    outputs: int = field(0, help="last columns of --data_dir that are responses of tasks on shared inputs", lower=0)


def rules_of(item: dataclasses.Field) -> Mapping[str, Any]:
    """The rules given to `field`, or empty ones for a plain dataclass field."""
    empty = dict(
        help="",
        unit="",
        lower=None,
        upper=None,
        strict=False,
        choices=None,
        length=None,
        distinct=False,
        path=False,
        at_most="",
    )
    return {**empty, **item.metadata.get(_RULES, {})}


def path_fields(config: type) -> list[str]:
    """Names of the fields that name a file or folder to read."""
    return [item.name for item in dataclasses.fields(config) if rules_of(item)["path"]]


def check_distinct(name: str, values: Sequence[Any]) -> None:
    """Refuse a list that holds a value twice.

    Raises:
      BadInput: naming the value.
    """
    twice = [value for i, value in enumerate(values) if value in values[:i]]
    if twice:
        raise BadInput(f"{name} got {twice[0]} more than once, but takes each value once; drop the repeats")


def types_of(config: type) -> dict[str, Any]:
    """Field name -> resolved type."""
    return typing.get_type_hints(config)


def parse_value(name: str, kind: Any, text: str) -> Any:
    """Turn a flag's text into the field's type.

    Raises:
      BadInput: the text is not of that type.
    """
    if typing.get_origin(kind) is tuple:
        inner = typing.get_args(kind)[0]
        parts = [part.strip() for part in text.split(",")]
        if parts in ([""], []):
            raise BadInput(f"--{name} got an empty list, but needs at least one {inner.__name__}, e.g. --{name}=1,2")
        return tuple(parse_value(name, inner, part) for part in parts)
    if isinstance(kind, types.UnionType):
        return None if text.lower() == "none" else parse_value(name, typing.get_args(kind)[0], text)
    if kind is bool:
        if text.lower() in ("true", "1", "yes"):
            return True
        if text.lower() in ("false", "0", "no"):
            return False
        raise BadInput(f"--{name} got '{text}', but takes true or false")
    try:
        return kind(text)
    except ValueError:
        word = {int: "a whole number", float: "a number"}.get(kind, f"a {kind.__name__}")
        raise BadInput(f"--{name} got '{text}', but takes {word}") from None


def check(config: Any) -> None:
    """Validate every field against its type and rules, then the configuration's own `validate`.

    Raises:
      BadInput: the first value outside its rules.
    """
    kinds = types_of(type(config))
    for item in dataclasses.fields(config):
        value, rules = getattr(config, item.name), rules_of(item)
        kind = kinds[item.name]
        is_tuple = typing.get_origin(kind) is tuple
        if is_tuple and (not isinstance(value, tuple) or not value):
            raise BadInput(f"{item.name} got {value!r}, but takes a list of at least one value")
        if is_tuple and rules["length"] is not None and len(value) != rules["length"]:
            raise BadInput(f"{item.name} got {len(value)} values, but takes exactly {rules['length']}")
        inner = typing.get_args(kind)[0] if is_tuple else kind
        for entry in value if is_tuple else (value,):
            _check_entry(item.name, entry, inner, rules)
        if is_tuple and rules["distinct"]:
            check_distinct(item.name, value)
        if rules["at_most"]:
            bound, largest = getattr(config, rules["at_most"]), max(value) if is_tuple else value
            bound = min(bound) if isinstance(bound, tuple) else bound
            if largest > bound:
                raise BadInput(
                    f"{item.name} got {largest}, but must be at most {rules['at_most']}={bound}; lower it or raise {rules['at_most']}"
                )
    if isinstance(config, BaseConfig) and config.seeds > MOST_SEEDS:
        raise BadInput(f"seeds got {config.seeds}, but must be at most {MOST_SEEDS}")
    if isinstance(config, BaseConfig) and config.seed_batch and config.seeds % config.seed_batch:
        raise BadInput(
            f"seed_batch got {config.seed_batch}, which does not divide seeds={config.seeds}; "
            "choose a divisor, or 0 for one batch"
        )
    if hasattr(config, "validate") and _validating.get():
        config.validate()


_validating = contextvars.ContextVar("validating", default=True)


@contextlib.contextmanager
def declaring() -> Iterator[None]:
    """Inside, configurations check their fields alone: presets are listed, not run, and `validate` may need a wing, which loads JAX."""
    token = _validating.set(False)
    try:
        yield
    finally:
        _validating.reset(token)


def _check_entry(name: str, entry: Any, kind: Any, rules: Mapping[str, Any]) -> None:
    number = isinstance(entry, int | float) and not isinstance(entry, bool)
    if (kind is float and not number) or (kind is int and (not isinstance(entry, int) or isinstance(entry, bool))):
        word = "a whole number" if kind is int else "a number"
        raise BadInput(f"{name} got {entry!r}, but takes {word}")
    if kind is bool and not isinstance(entry, bool):
        raise BadInput(f"{name} got {entry!r}, but takes true or false")
    if kind is str and not isinstance(entry, str):
        raise BadInput(f"{name} got {entry!r}, but takes text")
    choices = rules["choices"]
    if choices is not None and entry not in choices:
        near = difflib.get_close_matches(str(entry), [str(c) for c in choices], n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise BadInput(f"{name} got {entry!r}, but takes one of {', '.join(map(str, choices))}{hint}")
    if not number:
        return
    if not math.isfinite(float(entry)):
        raise BadInput(f"{name} got {entry}, but takes finite numbers only")
    lower, upper, strict = rules["lower"], rules["upper"], rules["strict"]
    low_ok = lower is None or (entry > lower if strict else entry >= lower)
    high_ok = upper is None or (entry < upper if strict else entry <= upper)
    if not (low_ok and high_ok):
        unit = f" {rules['unit']}" if rules["unit"] not in ("", "1") else ""
        raise BadInput(f"{name} got {entry}{unit}, but must be {_range_words(lower, upper, strict)}{unit}")


def _range_words(lower: float | None, upper: float | None, strict: bool) -> str:
    more, less = ("more than", "less than") if strict else ("at least", "at most")
    words = []
    if lower is not None:
        words.append(f"{more} {lower:.10g}")
    if upper is not None:
        words.append(f"{less} {upper:.10g}")
    return " and ".join(words)


def replace(config: Any, **changes: Any) -> Any:
    """`dataclasses.replace` that validates, and suggests the nearest name for an unknown one."""
    known = [item.name for item in dataclasses.fields(config)]
    for name in changes:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise BadInput(f"{type(config).__name__} has no field {name}{hint}")
    paths = set(path_fields(type(config)))
    home = {name: os.path.expanduser(v) if name in paths and isinstance(v, str) else v for name, v in changes.items()}
    new = dataclasses.replace(config, **home)
    check(new)
    return new


def as_dict(config: Any) -> dict[str, Any]:
    """Plain data for JSON; tuples become lists. `lanes` stands there where it was asked for: it decides the last bits."""
    values = json.loads(json.dumps(dataclasses.asdict(config)))
    if not values.get("lanes", 1):
        del values["lanes"]
    return values


def from_dict(kind: type, values: Mapping[str, Any]) -> Any:
    """The inverse of `as_dict`, validated.

    Raises:
      BadInput: a field is missing, unknown or out of range.
    """
    names = {item.name for item in dataclasses.fields(kind)}
    values = {**({"lanes": 0} if "lanes" in names else {}), **values}
    if set(values) != names:
        odd = sorted(set(values) ^ names)
        raise BadInput(
            f"stored configuration does not fit {kind.__name__}: fields {', '.join(odd)} differ; run again without --plot_only"
        )
    config = kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})
    check(config)
    return config
