"""Random keys addressed by name, so that adding a draw never shifts the others."""

import zlib

import jax

from mtrl.numerics.errors import BadInput
from mtrl.numerics.types import PRNGKey


def split_named(key: PRNGKey, *names: str) -> dict[str, PRNGKey]:
    """One independent key per name.

    Each key is `fold_in(key, crc32(name))`: it depends on the parent key and on its own name only, so a name added later leaves the
    other streams, and every stored result drawn from them, as they were.

    Args:
      key: typed PRNG key, scalar.
      *names: distinct names, e.g. "problem", "noise".

    Returns:
      Dict name -> key.

    Raises:
      BadInput: a name is given twice, or two names share a checksum.
    """
    folds = {name: zlib.crc32(name.encode()) for name in names}
    if len(set(folds.values())) != len(names):
        raise BadInput(f"key names {names} are not distinct; give every random stream its own name")
    return {name: jax.random.fold_in(key, fold) for name, fold in folds.items()}
