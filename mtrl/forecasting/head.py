"""Last linear layer shared through a centre, with the multitask penalty.

Ilbert et al. (2024, arXiv 2406.10327), section 5.3: a univariate forecaster is a trunk shared by the channels followed by a linear head
per channel, `head_t = H_0 + V_t`, and the loss adds `lam |H_0|^2 + sum_t gamma_t |V_t|^2`. The penalties MULTIPLY the norms here, so a
LARGE lam_inv kills sharing, the opposite of the closed form, whose lam divides; hence the names `lam_inv`, `gamma_inv`. For a linear trunk
the two agree at `lam_inv = T d/(lam n q)`, `gamma_inv = T d/(gamma n q)` (n windows, q = horizon; derived here, checked in the tests).
"""

from typing import Any

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from mtrl.numerics.checks import check_choice
from mtrl.numerics.types import Scalar

HEADS = ("multitask", "shared")


class Head(nn.Module):
    """Features of each channel to its horizon.

    Attributes:
      horizon: H, outputs per channel.
      kind: "multitask" (`H_0 + V_t` and a bias per channel, neither bias penalised) or "shared" (one map for all channels).
    """

    horizon: int
    kind: str = "multitask"

    @nn.compact
    def __call__(self, features: Float[Array, "*batch task dim"]) -> Float[Array, "*batch task horizon"]:
        """Apply head t to channel t."""
        check_choice("head", self.kind, HEADS)
        tasks, dim = features.shape[-2:]
        dtype = features.dtype
        centre = self.param("centre", nn.initializers.lecun_normal(), (dim, self.horizon), dtype)
        if self.kind == "shared":
            return features @ centre + self.param("bias", nn.initializers.zeros, (self.horizon,), dtype)
        deviation = self.param("deviation", nn.initializers.zeros, (tasks, dim, self.horizon), dtype)
        bias = self.param("bias", nn.initializers.zeros, (tasks, self.horizon), dtype)
        return features @ centre + jnp.einsum("...tf,tfh->...th", features, deviation) + bias


def head_penalty(params: Any, *, lam_inv: Scalar, gamma_inv: Scalar) -> Scalar:
    """`lam_inv |H_0|^2 + gamma_inv sum_t |V_t|^2` of a forecaster's parameters; a shared head has no V_t."""
    head = params["params"]["head"]
    own = gamma_inv * (head["deviation"] ** 2).sum() if "deviation" in head else 0.0
    return lam_inv * (head["centre"] ** 2).sum() + own
