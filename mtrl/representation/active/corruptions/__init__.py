"""The 16 corruptions of MNIST-C (Mu and Gilmer 2019, arXiv 1906.02337) at the severities of its release.

Each takes `(key, images)` with images (image, 28, 28) in [0, 1] and gives the same; every image has its own random
numbers. Written from the release's rules on JAX draws and SciPy filters; random streams differ from the release, and
where its image libraries round to 8 bits in between, here nothing is rounded.
"""

import difflib
from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from mtrl.numerics.errors import BadInput
from mtrl.numerics.keys import split_named
from mtrl.numerics.types import PRNGKey
from mtrl.representation.active.corruptions.affine import rotate, scale, shear, translate
from mtrl.representation.active.corruptions.blur import glass_blur, motion_blur
from mtrl.representation.active.corruptions.edges import canny_edges
from mtrl.representation.active.corruptions.light import brightness, fog, identity, stripe
from mtrl.representation.active.corruptions.lines import dotted_line, zigzag
from mtrl.representation.active.corruptions.noise import impulse_noise, shot_noise
from mtrl.representation.active.corruptions.spatter import spatter

__all__ = ["CORRUPTIONS", "check_images", "check_name", "corrupt"]

Corruption = Callable[[PRNGKey, Float[np.ndarray, "image 28 28"]], Float[np.ndarray, "image 28 28"]]

# In the order of the release.
CORRUPTIONS: dict[str, Corruption] = {
    "identity": identity,
    "shot_noise": shot_noise,
    "impulse_noise": impulse_noise,
    "glass_blur": glass_blur,
    "motion_blur": motion_blur,
    "shear": shear,
    "scale": scale,
    "rotate": rotate,
    "brightness": brightness,
    "translate": translate,
    "stripe": stripe,
    "fog": fog,
    "spatter": spatter,
    "dotted_line": dotted_line,
    "zigzag": zigzag,
    "canny_edges": canny_edges,
}


def check_images(images: np.ndarray) -> None:
    """Refuse images that are not (image, 28, 28) floats in [0, 1].

    Raises:
      BadInput: wrong shape, not floating, not finite, or outside [0, 1].
    """
    if images.ndim != 3 or images.shape[1:] != (28, 28):
        raise BadInput(f"images have shape {images.shape}, but must be (image, 28, 28); pad or crop them first")
    if images.dtype.kind != "f":
        raise BadInput(f"images have type {images.dtype}, but must be floats in [0, 1]; divide 8-bit images by 255")
    if not (np.all(np.isfinite(images)) and images.min(initial=0) >= 0 and images.max(initial=0) <= 1):
        raise BadInput(
            f"images range over [{images.min():.3g}, {images.max():.3g}], but must be in [0, 1]; divide 8-bit images by 255"
        )


def check_name(name: str) -> None:
    """Refuse an unknown corruption, listing the known ones.

    Raises:
      BadInput: `name` is not one of `CORRUPTIONS`.
    """
    if name not in CORRUPTIONS:
        near = difflib.get_close_matches(name, CORRUPTIONS, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise BadInput(f"unknown corruption '{name}'; {hint}There are {', '.join(CORRUPTIONS)}")


def corrupt(key: PRNGKey, images: np.ndarray, name: str) -> np.ndarray:
    """Corrupt images (image, 28, 28) in [0, 1]; the draws depend on the key and the name. Host function.

    Raises:
      BadInput: unknown name, or images of the wrong shape, type or range.
    """
    check_name(name)
    check_images(images)
    return CORRUPTIONS[name](split_named(key, name)[name], images).astype(images.dtype)
