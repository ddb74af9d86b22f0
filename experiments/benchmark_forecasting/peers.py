"""The forecasters in PyTorch, with a leading seed axis: one program trains one network, or those of several seeds at once.

Weights are those of the library's networks by name, (seed, ...); windows are (seed, sample, task, lookback).
"""

import functools
import importlib.util
from collections.abc import Callable
from typing import Any

import numpy as np

from experiments.benchmark_forecasting.programs import GAMMA_INV, LAM_INV, RATE, End, Sizes, Start
from mtrl.harness import jax, timing


def installed() -> bool:
    """Whether PyTorch is there."""
    return importlib.util.find_spec("torch") is not None


def quickest(call: Callable[[], Any]) -> Callable[[], Any]:
    """PyTorch's call on one thread or on all, whichever a trial finds faster: small products may lose more by waiting than they gain."""
    import torch  # pyright: ignore[reportMissingImports]

    usual = torch.get_num_threads()

    def on(threads: int) -> Any:
        torch.set_num_threads(threads)
        try:
            return call()
        finally:
            torch.set_num_threads(usual)

    ways = {count: functools.partial(on, count) for count in (1, usual)}
    took = timing.compare(ways, repeats=1)
    return ways[min(took, key=lambda count: took[count][0])]


def _affine(x: Any, kernel: Any, bias: Any) -> Any:
    """Rows of every seed by its own matrix."""
    import torch  # pyright: ignore[reportMissingImports]

    return torch.baddbmm(bias[:, None], x.flatten(1, -2), kernel).reshape(*x.shape[:-1], -1)


def _head(features: Any, w: Any) -> Any:
    """`H_0 + V_t` added before they meet the features: one product a channel, forth and back."""
    import torch  # pyright: ignore[reportMissingImports]

    maps, rows = w["centre"][:, None] + w["deviation"], features.transpose(1, 2)  # both (seed, task, ...)
    found = torch.baddbmm(w["bias"].flatten(0, 1)[:, None], rows.flatten(0, 1), maps.flatten(0, 1))
    return found.unflatten(0, maps.shape[:2]).transpose(1, 2)


def _trend_and_remainder(x: Any, w: Any) -> Any:
    """DLinear's features."""
    import torch  # pyright: ignore[reportMissingImports]
    from torch.nn import functional  # pyright: ignore[reportMissingImports]

    edges = functional.pad(x.reshape(-1, 1, x.shape[-1]), (12, 12), mode="replicate")
    trend = functional.avg_pool1d(edges, 25, 1).reshape(x.shape)
    return torch.cat([trend, x - trend], -1)


def _channel_attention(x: Any, w: Any) -> Any:
    """The Transformer's trunk."""
    from torch.nn import functional  # pyright: ignore[reportMissingImports]

    return x + functional.scaled_dot_product_attention(*(_affine(x, **w[name]) for name in ("query", "key", "value")))


def _norm(x: Any, w: Any) -> Any:
    from torch.nn import functional  # pyright: ignore[reportMissingImports]

    scale, shift = (w[name].reshape(-1, *[1] * (x.ndim - 2), x.shape[-1]) for name in ("scale", "bias"))
    return functional.layer_norm(x, x.shape[-1:], eps=1e-6) * scale + shift


def _encode(x: Any, w: Any) -> Any:
    """One encoder layer on tokens (seed, sample, task, token, width)."""
    from torch.nn import functional  # pyright: ignore[reportMissingImports]

    own, heads = w["attention"], w["attention"]["query"]["bias"].shape[1:]
    parts = [_affine(x, own[k]["kernel"].flatten(2), own[k]["bias"].flatten(1)) for k in ("query", "key", "value")]
    parts = [part.unflatten(-1, heads).transpose(-2, -3) for part in parts]
    merged = functional.scaled_dot_product_attention(*parts).transpose(-2, -3).flatten(-2)
    x = _norm(x + _affine(merged, own["out"]["kernel"].flatten(1, 2), own["out"]["bias"]), w["LayerNorm_0"])
    hidden = functional.gelu(_affine(x, **w["Dense_0"]), approximate="tanh")
    return _norm(x + _affine(hidden, **w["Dense_1"]), w["LayerNorm_1"])


def _patches(x: Any, w: Any) -> Any:
    """PatchTST's trunk; patches overlap by half."""
    from torch.nn import functional  # pyright: ignore[reportMissingImports]

    patch = w["Dense_0"]["kernel"].shape[1]
    edges = functional.pad(x.flatten(0, 1), (0, patch // 2), mode="replicate")
    tokens = edges.unfold(-1, patch, patch // 2).unflatten(0, x.shape[:2])
    tokens = _affine(tokens, **w["Dense_0"]) + w["positions"][:, None, None]
    for layer in sorted(name for name in w if name.startswith("EncoderLayer")):
        tokens = _encode(tokens, w[layer])
    return tokens.flatten(-2)


TRUNKS = {"DLinearU": _trend_and_remainder, "Transformer": _channel_attention, "PatchTST": _patches}


def forecast(name: str, w: Any, x: Any) -> Any:
    """Horizons (seed, sample, task, horizon)."""
    if name.startswith("DLinear"):
        return _head(TRUNKS[name](x, w), w["head"])
    level, spread = x.mean(-1, keepdim=True), (x.var(-1, correction=0, keepdim=True) + 1e-5).sqrt()
    z = (x - level) / spread
    if "stretch" not in w:
        return _head(TRUNKS[name](z, w["trunk"]), w["head"]) * spread + level
    stretch, shift = w["stretch"][:, None], w["shift"][:, None]
    y = _head(TRUNKS[name](z * stretch + shift, w["trunk"]), w["head"])
    return (y - shift) / (stretch + 1e-10) * spread + level


def train(name: str, begin: Start, series: np.ndarray, validation: np.ndarray, sizes: Sizes) -> End:
    """Adam on the given batches, the penalties as its decay; every epoch is validated, but no best weights are kept."""
    import torch  # pyright: ignore[reportMissingImports]

    windows = torch.tensor(np.asarray(series)).unfold(0, sizes.lookback + sizes.horizon, 1)  # (start, task, rows)
    w = jax.tree.map(lambda x: torch.tensor(np.asarray(x)).requires_grad_(), begin.weights)
    head, rest = w["head"], jax.tree.leaves({**w, "head": w["head"]["bias"]})
    groups = [dict(params=[head[k]], weight_decay=2 * by) for k, by in (("centre", LAM_INV), ("deviation", GAMMA_INV))]
    rule = torch.optim.Adam([*groups, dict(params=rest)], lr=RATE, fused=True)
    rows, held, errors = torch.tensor(np.asarray(begin.rows)), windows[torch.tensor(np.asarray(validation))][None], []
    held = held.expand(len(rows), -1, -1, -1)
    for epoch in rows.unbind(1):
        for chosen in epoch.unbind(1):
            both = windows[chosen]
            left = both[..., sizes.lookback :] - forecast(name, w, both[..., : sizes.lookback])
            rule.zero_grad()
            (left**2).mean((1, 3)).sum().backward()
            rule.step()
        with torch.no_grad():
            left = held[..., sizes.lookback :] - forecast(name, w, held[..., : sizes.lookback])
            errors.append((left**2).mean((1, 2, 3)))
    return End(jax.tree.map(lambda x: x.detach().numpy(), w), torch.stack(errors, 1).numpy())
