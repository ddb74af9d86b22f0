"""The paper's Figure 3: errors on both tasks after the second, against its load, for three teacher overlaps and two weights of KL."""

from experiments.continual_statmech import pairs, protocol
from experiments.continual_statmech.pairs import UNIT, PairsConfig
from experiments.continual_statmech.protocol import PROGRAM
from mtrl.harness import Claim, Figure, Interval, at_most, less_than_zero
from mtrl.harness.judge.measures import Absent, exact, mean, value

# (gamma, r0, alpha2) -> (eps1, eps2) at alpha1 = 2, beta = 20.
TABLE = {
    (1.0, -0.5, 0.5): (0.120, 0.645), (1.0, -0.5, 1.0): (0.177, 0.617), (1.0, -0.5, 2.0): (0.265, 0.557), (1.0, -0.5, 5.0): (0.493, 0.341),
    (1.0, 0.0, 0.5): (0.099, 0.488), (1.0, 0.0, 1.0): (0.151, 0.469), (1.0, 0.0, 2.0): (0.234, 0.419), (1.0, 0.0, 5.0): (0.444, 0.191),
    (1.0, 0.5, 0.5): (0.070, 0.328), (1.0, 0.5, 1.0): (0.114, 0.313), (1.0, 0.5, 2.0): (0.190, 0.267), (1.0, 0.5, 5.0): (1 / 3, 0.0),
    (0.1, -0.5, 0.1): (0.219, 0.612), (0.1, -0.5, 0.5): (0.389, 0.486), (0.1, -0.5, 1.0): (0.502, 0.370), (0.1, -0.5, 2.0): (2 / 3, 0.01),
    (0.1, 0.0, 0.1): (0.191, 0.482), (0.1, 0.0, 0.5): (0.335, 0.400), (0.1, 0.0, 1.0): (0.420, 0.306), (0.1, 0.0, 2.0): (0.5, 0.01),
    (0.1, 0.5, 0.1): (0.153, 0.339), (0.1, 0.5, 0.5): (0.262, 0.294), (0.1, 0.5, 1.0): (0.316, 0.225), (0.1, 0.5, 2.0): (1 / 3, 0.01),
}  # fmt: skip


def table_distance(gamma, most, name="eps_at"):
    """Largest distance of a theory to the table at loads up to `most`."""

    def measure(data, config):
        gaps = []
        if name not in data:
            raise Absent(f"no variable {name}")
        for (g, r0, load), row in TABLE.items():
            array = data[name]
            if (
                g == gamma
                and load <= most
                and all(w in array[d].values for d, w in (("gamma", g), ("r0", r0), ("load", load)))
            ):
                ours = array.sel(gamma=g, r0=r0, load=load).values
                gaps.extend(abs(ours - row))
        if not gaps:
            raise Absent("no point of the table")
        return Interval(*[float(max(gaps))] * 3)

    return measure


def table_claim(gamma, most, words, name="eps_at", **more):
    """Of one weight of the KL term."""
    which = "theory" if name == "eps_at" else "theory with its integral cut off"
    text = f"eps1, eps2 of the {which} at gamma = {gamma:g}, {words}: largest distance to the table"
    return Claim.reference(text, f"table of two tasks, {PROGRAM}", table_distance(gamma, most, name),
                 at_most(0.006), unit=UNIT,
                 reason="three digits, and .003 from the cut-off integral of the table's program", **more)  # fmt: skip


def within(task, gamma, most):
    """Quantity filter: one task at one weight, loads up to `most`."""
    return lambda a: a.sel(task=task, gamma=gamma).where(a["load"] <= most, drop=True)


def agrees(task, gamma, most, note=""):
    """Simulation against theory before the jump to perfect learning."""
    part = within(task, gamma, most)
    return protocol.agrees(
        f"eps{task}(alpha2) at gamma = {gamma:g}, alpha2 up to {most:g}",
        value("eps").then(part),
        value("eps_at").then(part),
        "Figure 3",
        note=note,
    )


def at(task, gamma, r0, load):
    """Error of the simulation."""
    return value("eps", task=task, gamma=gamma, r0=r0, load=load)


def run(config, seeds):
    """With the theory of the table's program beside."""
    data = pairs.run(config, seeds)
    cut = protocol.cut_theory(data["load"].values, config.overlaps, config.gammas, config)
    return data.assign(eps_cut=(("gamma", "r0", "load", "task"), cut, {"units": UNIT, "long_name": protocol.EPS}))


PAPER_LOADS = (0.01, 0.03, 0.1, 0.3, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 5.5, 6.0)
EXCESS = (
    "at r0 = 0 and alpha2 = 1 N = 200, 400 and 800 give 0.169, 0.166 and 0.164 for the theory's 0.151, with more epochs alike; in up to a "
    "third of the trials descent has not learnt task 1 perfectly, which the theory's branch excludes: the five of these six that have "
    "agree within 2.1 standard errors of their mean up to alpha2 = 2, and lie above at 3 (by up to 4.4)"
)
FIGURE = Figure(
    __name__,
    title="Errors on both tasks after the second, against its load (Figure 3)",
    question="How do the errors on an old and a new task depend on the new task's data and on their similarity?",
    config=PairsConfig,
    draw=pairs.draw,
    claims=(
        agrees(1, 1.0, 3.0, EXCESS),
        agrees(2, 1.0, 3.0),
        agrees(1, 0.1, 0.5),
        agrees(2, 0.1, 0.5),
        table_claim(1.0, 5.0, "alpha2 up to 5"),
        table_claim(0.1, 0.5, "alpha2 up to 0.5"),
        table_claim(1.0, 5.0, "alpha2 up to 5", "eps_cut"),
        table_claim(0.1, 2.0, "alpha2 up to 2", "eps_cut"),
        Claim.reference("task 2 is learnt at gamma = 0.1, r0 = -0.5, alpha2 = 2: eps2 of the theory", f"0.01, {PROGRAM}",
              exact(value("eps_at", gamma=0.1, r0=-0.5, load=2.0, task=2)), at_most(0.02), unit=UNIT, value=0.01,
              reason="twice the table's last digit", note="the table's cut-off integral jumps early; the full one does a little later"),
        Claim("a small KL term forgets more: eps1 at gamma = 1 minus that at 0.1, r0 = 0, alpha2 = 0.5", "Figure 3 (ordering)",
              mean(at(1, 1.0, 0.0, 0.5) - at(1, 0.1, 0.0, 0.5)), less_than_zero, unit=UNIT),
        Claim("a small KL term learns faster: eps2 at gamma = 0.1 minus that at 1, r0 = 0, alpha2 = 0.5", "Figure 3 (ordering)",
              mean(at(2, 0.1, 0.0, 0.5) - at(2, 1.0, 0.0, 0.5)), less_than_zero, unit=UNIT),
        Claim("teachers that agree are forgotten less: eps1 at r0 = 0.5 minus that at -0.5, gamma = 1, alpha2 = 1", "Figure 3 (ordering)",
              mean(at(1, 1.0, 0.5, 1.0) - at(1, 1.0, -0.5, 1.0)), less_than_zero, unit=UNIT),
    ),
    optional=pairs.optional(),
    presets={
        "smoke": dict(seeds=2, dim=20, epochs=(3, 3), loads=(0.5,), overlaps=(0.0, 0.5), gammas=(1.0, 0.1), points=3, nodes=15),
        "paper": dict(seeds=20, dim=1000, epochs=(5000, 20000), loads=PAPER_LOADS),
    },
)  # fmt: skip
