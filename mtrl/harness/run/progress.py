"""One progress bar over cells, on the host."""

import sys
from typing import Any


def bar(total: int, what: str) -> Any:
    """A tqdm bar; silent where the output is not a terminal and nothing would redraw it."""
    from tqdm import tqdm

    return tqdm(total=total, desc=what, unit="cell", dynamic_ncols=True, disable=None, file=sys.stderr)
