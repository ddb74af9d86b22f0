"""The forecasters of the multitask forecasting table (Ilbert et al. 2024, table 1), by name."""

import dataclasses

import flax.linen as nn

from mtrl.forecasting.dlinear import DLinear
from mtrl.forecasting.forecaster import Forecaster
from mtrl.forecasting.itransformer import ITransformer
from mtrl.forecasting.patchtst import PatchTST
from mtrl.forecasting.samformer import ChannelAttention
from mtrl.numerics.errors import BadInput

UNIVARIATE = ("PatchTST", "DLinearU", "Transformer")  # a head per channel; the penalty applies
MULTIVARIATE = ("DLinearM", "SAMformer", "iTransformer")  # one head, never penalised
MODELS = UNIVARIATE + MULTIVARIATE
SHARPNESS_RADIUS = 0.7  # SAMformer's default rho; every other model has 0
SIZES = ("paper", "small")


@dataclasses.dataclass(frozen=True)
class Shape:
    """What a forecaster needs to know of the data: rows looked back at and rows forecast."""

    lookback: int
    horizon: int


def build(name: str, shape: Shape, *, sizes: str = "paper", head: str = "") -> Forecaster:
    """The network of one column of the table.

    Args:
      name: one of `MODELS`.
      shape: look-back and horizon.
      sizes: "paper" for the published sizes, "small" for narrow one-layer encoders without dropout and with longer patches,
        which train in seconds on a CPU.
      head: "multitask" or "shared"; "" takes the column's own (multitask for the univariate models).

    Raises:
      BadInput: unknown name or sizes.
    """
    if name not in MODELS:
        raise BadInput(f"model got {name!r}, but takes one of {', '.join(MODELS)}")
    if sizes not in SIZES:
        raise BadInput(f"sizes got {sizes!r}, but takes one of {', '.join(SIZES)}")
    kind = head or ("multitask" if name in UNIVARIATE else "shared")
    trunk = _trunk(name, shape, small=sizes == "small")
    return Forecaster(
        trunk,
        shape.horizon,
        kind,
        normalise=not name.startswith("DLinear"),
        affine=name in ("Transformer", "SAMformer"),
    )


def radius(name: str) -> float:
    """The sharpness-aware radius rho with which a model is trained; 0 means plain gradients."""
    return SHARPNESS_RADIUS if name == "SAMformer" else 0.0


def _trunk(name: str, shape: Shape, small: bool) -> nn.Module:
    if name.startswith("DLinear"):
        return DLinear()
    if name in ("Transformer", "SAMformer"):
        return ChannelAttention()
    if name == "iTransformer":
        return ITransformer(width=32, heads=4, hidden=32, layers=1, dropout=0.0) if small else ITransformer()
    stride = max(8, shape.lookback // 14) if small else 8  # small: at most about 15 tokens
    stride = min(stride, max(1, shape.lookback // 4))  # a short window still gives a few patches
    sizes = dict(width=8, heads=2, hidden=16, layers=1, dropout=0.0) if small else {}
    return PatchTST(patch=2 * stride, stride=stride, **sizes)
