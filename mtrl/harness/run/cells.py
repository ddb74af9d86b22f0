"""Cells: one grid point x one fixed seed batch, named by the hash of what decides its bytes."""

import dataclasses
import hashlib
import itertools
import json
from typing import Any

from mtrl.harness.config import as_dict, from_dict
from mtrl.harness.run import devices
from mtrl.harness.study import Figure, Study


@dataclasses.dataclass(frozen=True)
class Cell:
    """The unit of work and of loss: picklable plain data, so that any engine on any machine can run it.

    Attributes:
      study, figure: names.
      module: where a worker finds the study.
      config: JSON of the cell's configuration (split fields hold one value each).
      seeds: the fixed seed batch.
      x64: precision; draws differ between the two.
      version: version of the figure's results.
      source: digest of the sources that compute it and of the files it reads.
      flags: of the compiler, from the environment.
    """

    study: str
    figure: str
    module: str
    config: str
    seeds: tuple[int, ...]
    x64: bool
    version: int
    source: str
    flags: str

    @property
    def name(self) -> str:
        """Content hash; also the file's name."""
        return hashlib.sha256(json.dumps(dataclasses.asdict(self), sort_keys=True).encode()).hexdigest()[:20]


def make_cells(study: Study, figure: Figure, config: Any, x64: bool, source: str) -> list[Cell]:
    """All cells of a figure: the product of its split fields, times the seed batches.

    The number of seeds and the batches stay out of the cell's configuration: its seeds say it all, so that asking for more batches
    keeps the cells already computed.
    """
    width = config.seed_batch or config.seeds
    batches = [
        tuple(range(first, first + width))
        for first in range(config.first_seed, config.first_seed + config.seeds, width)
    ]
    values = [getattr(config, name) for name in figure.split]
    cells = []
    for point in itertools.product(*values):
        changes = {name: (value,) for name, value in zip(figure.split, point, strict=True)}
        for batch in batches:
            one = dataclasses.replace(config, **changes, seeds=width, seed_batch=0, first_seed=batch[0])
            text = json.dumps(as_dict(one), sort_keys=True)
            cells.append(
                Cell(
                    study.name,
                    figure.name,
                    study.module,
                    text,
                    batch,
                    x64,
                    figure.version,
                    source,
                    devices.compiler_flags(),
                )
            )
    return cells


def cell_config(cell: Cell, figure: Figure) -> Any:
    """The configuration a cell runs with.

    Not re-validated across fields: splitting a list to one value may break a rule that holds for the whole.
    """
    values = json.loads(cell.config)
    try:
        return from_dict(figure.config, values)
    except ValueError:
        make: Any = figure.config
        return make(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})
