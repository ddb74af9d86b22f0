"""The forecasters of the multitask forecasting table (Ilbert et al. 2024, table 1), by name."""

from typing import Any

import flax.linen as nn

from mtrl.forecasting.dlinear import DLinear
from mtrl.forecasting.forecaster import Forecaster
from mtrl.forecasting.itransformer import ITransformer
from mtrl.forecasting.patchtst import PatchTST
from mtrl.forecasting.samformer import ChannelAttention
from mtrl.numerics.checks import check_choice, check_whole

UNIVARIATE = ("PatchTST", "DLinearU", "Transformer")  # a head per channel; the penalty applies
MULTIVARIATE = ("DLinearM", "SAMformer", "iTransformer")  # one head, never penalised
MODELS = UNIVARIATE + MULTIVARIATE
SHARPNESS_RADIUS = 0.7  # SAMformer's default rho; every other model has 0
SIZES = ("paper", "small")


def build_model(name: str, *, lookback: int, horizon: int, sizes: str = "paper", head: str = "") -> Forecaster:
    """The network of one column of the table.

    Args:
      name: one of `MODELS`.
      lookback, horizon: L and H, rows.
      sizes: "paper" for the published sizes, "small" for narrow one-layer encoders without dropout and with longer patches,
        which train in seconds on a CPU.
      head: "multitask" or "shared"; "" takes the column's own (multitask for the univariate models).

    Raises:
      BadInput: unknown name, sizes or head, or a look-back or horizon below 1.
    """
    check_choice("model", name, MODELS)
    check_choice("sizes", sizes, SIZES)
    check_whole(lookback=lookback, horizon=horizon)
    kind = head or ("multitask" if name in UNIVARIATE else "shared")
    return Forecaster(
        _trunk(name, lookback, small=sizes == "small"),
        horizon,
        kind,
        normalise=not name.startswith("DLinear"),
        affine=name in ("Transformer", "SAMformer"),
    )


def sharpness_radius(name: str) -> float:
    """The sharpness-aware radius rho with which a model is trained; 0 means plain gradients."""
    return SHARPNESS_RADIUS if name == "SAMformer" else 0.0


def _trunk(name: str, lookback: int, small: bool) -> nn.Module:
    if name.startswith("DLinear"):
        return DLinear()
    if name in ("Transformer", "SAMformer"):
        return ChannelAttention()
    if name == "iTransformer":
        return ITransformer(width=32, heads=4, hidden=32, layers=1, dropout=0.0) if small else ITransformer()
    stride = max(8, lookback // 14) if small else 8  # small: at most about 15 tokens
    stride = min(stride, max(1, lookback // 4))  # a short window still gives a few patches
    sizes: dict[str, Any] = dict(width=8, heads=2, hidden=16, layers=1, dropout=0.0) if small else {}
    return PatchTST(patch=2 * stride, stride=stride, **sizes)
