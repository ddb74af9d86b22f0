"""What the figures share: the methods with their looks, how they are made, paths on the landscape, forms of claims."""

import math

from mtrl import descent, nn, optimization
from mtrl.harness import Claim, at_most, evaluate, jax, jnp
from mtrl.harness.judge.measures import bootstrap, exact, value
from mtrl.harness.picture.plots import looks

MEAN, MGDA, PCGRAD, CAGRAD, IMTL, NASH, ALIGNED = METHODS = (
    "mean", "mgda", "pcgrad", "cagrad", "imtl_g", "nash_mtl", "aligned_mtl",
)  # fmt: skip
WORDS = ("mean (LS)", "MGDA", "PCGrad", "CAGrad, c = 0.5", "IMTL-G", "Nash-MTL", "Aligned-MTL")
MORE = {
    "aligned_mtl_median": "Aligned-MTL, median",
    "gradvac": "GradVac",
    "graddrop": "GradDrop",
    "fairgrad": "FairGrad",
    "upgrad": "UPGrad",
}
WEIGHTINGS = {
    "uw": "UW", "imtl_l": "IMTL-L", "rlw": "RLW", "dwa": "DWA", "gls": "GLS", "gradnorm": "GradNorm", "famo": "FAMO", "stch": "STCH",
    "igb": "IGB v1", "igb_v2": "IGB v2",
}  # fmt: skip
UPPER = {"mgda_ub": "MGDA-UB", "aligned_mtl_ub": "Aligned-MTL-UB"}  # of the gradients at the shared representation
LOOKS = looks(dict(zip(METHODS, WORDS, strict=True)) | MORE | WEIGHTINGS | UPPER)
HYPER = {
    CAGRAD: dict(c=0.5),
    "aligned_mtl_median": dict(scale="median"),
    "igb_v2": dict(hidden=32, batch=64, capacity=1000),
}
DRAWING, BY_EPOCH = (PCGRAD, "gradvac", "graddrop", "rlw", "igb_v2"), ("dwa", "igb", "igb_v2")
PROGRAM = "an independent NumPy program, written from the papers, not by their authors"


def aggregator(name, tasks, *, key=None, steps=600):
    """The library's aggregator of that name, or its loss weighting as one; `steps` of the training make six epochs."""
    more = {} if key is None or name not in DRAWING else {"key": key}
    if name not in WEIGHTINGS:
        return getattr(descent, name.removesuffix("_median"))(tasks=tasks, **HYPER.get(name, {}), **more)
    epochs = {"steps_per_epoch": max(1, steps // 6)} if name in BY_EPOCH else {}
    factory = optimization.igb_v2 if name == "igb_v2" else getattr(descent.weightings, name)
    return optimization.weighted(factory(tasks=tasks, **HYPER.get(name, {}), **epochs, **more))


def on_every(methods, tasks, run):
    """`run(aggregator)` for every method, the method as the first axis: one program, in which the methods take turns."""
    rules = [aggregator(name, tasks) for name in methods]
    return jax.lax.map(lambda index: run(optimization.choose(rules, index)), jnp.arange(len(rules)))


def toy_paths(starts, scale, rate, *, methods, steps, keep):
    """Paths of Adam on every method's direction from every start: fields of `Path` with (method, start) first."""
    path, toy = optimization.path, optimization.toy

    def from_all(rule):
        chain = path.chained(rule, nn.adam(rate))
        one = lambda start: path.descend(chain, lambda x: toy.scaled(x, scale), start, steps=steps, keep=keep)  # noqa: E731
        return jax.vmap(one)(starts)

    return on_every(methods, 2, from_all)


def run_paths(starts, scale, rate, **static):
    """The same, compiled and run; losses are unscaled."""
    found = evaluate(toy_paths, starts, scale, rate, **static)
    return found.x, found.losses / scale, found.condition


def named(starts):
    """Starts as labels."""
    return [f"({x:g}, {y:g})" for x, y in starts]


def table(entries, methods, starts):
    """Numbers of the independent program as an array (method, start), NaN where it gives none."""
    missing = (None,) * len(starts)
    return [[math.nan if v is None else v for v in entries.get(method, missing)] for method in methods]


def table_claim(
    title, method, entries, starts, variable, tolerance, *, words, dim="start", setting="", unit="1", note=""
):
    """The largest distance of a method's end points to those of the independent program, over the starts that its table lists."""
    listed = {label: entry for label, entry in zip(starts, entries, strict=True) if entry is not None}
    where = {"method": method, dim: list(listed)}
    return Claim.reference(
        f"{title}: largest distance of {words} at the end to the table, from {len(listed)} starts",
        f"{PROGRAM}: {', '.join(f'{v:g} from {k}' for k, v in listed.items())}",
        exact(
            abs(value(f"{variable}{setting}", **where) - value(f"{variable}_listed{setting}", **where)).over(
                dim, how="max"
            )
        ),
        at_most(tolerance),
        unit=unit,
        note=note,
        reason="the table's steps are of 0.01 and programs of one descent differ in rounding: five of them",
    )


def miss(method, setting=""):
    """Distance of x1 at the end to the minimiser of the weighted sum, over the starts."""
    return abs(value(f"end_x1{setting}", method=method) - value(f"end_x1_best{setting}", method=method))


def worst_ratio(after, before):
    """Largest ratio of two quantities' seed means over what is left, chosen in every resample."""
    return bootstrap(lambda a, b: (a / b).max(), after, before)
