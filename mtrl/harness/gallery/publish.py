"""Copies of results in the gallery."""

import json
import pathlib

from mtrl.harness.run import store
from mtrl.numerics.errors import BadInput

LARGEST = 1_500_000  # bytes of data.nc that the gallery keeps; larger data is remade with one command


def publish(source: pathlib.Path, target: pathlib.Path) -> None:
    """Copy a figure's picture, claims, configuration and small data into the gallery."""
    for name in ("figure.png", "claims.json", "config.json", "run.json", "data.nc"):
        if name == "run.json" and not (source / name).is_file():  # a result made before there was one
            continue
        content = (source / name).read_bytes()
        if name == "data.nc" and len(content) > LARGEST:
            (target / name).unlink(missing_ok=True)
        else:
            store.write_bytes(target / name, content)


def publish_variant(source: pathlib.Path, gallery: pathlib.Path, variant: str) -> None:
    """Add a result folder to the gallery as `<figure>-<variant>`, beside the figure made from the embedded data.

    Raises:
      BadInput: the folder holds no result, or the variant has no name.
    """
    if not variant.isidentifier():
        raise BadInput(
            f"--variant got '{variant}', but takes a short name of letters, digits and _, e.g. --variant=ett"
        )
    if not (source / "claims.json").is_file():
        raise BadInput(f"{source} holds no result; give the folder of one figure, <out>/<study>/<figure>")
    stored = json.loads((source / "config.json").read_text())
    publish(source, gallery / stored["study"] / f"{stored['figure']}-{variant}")
