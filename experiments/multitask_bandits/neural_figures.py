"""The neural figures: rank-2 values, the permutation control, pairs of digits, and the three bonuses side by side."""

from experiments.multitask_bandits.neural import BONUSES, GREEDY, LINUCB, RANDOM, SHARED, NeuralConfig, draw, run
from experiments.multitask_bandits.protocol import REWARD, across_tasks, lower, minus, most, several_tasks, total
from mtrl.harness import Claim, Figure, at_least, field
from mtrl.harness.judge.measures import value, worst


class ControlConfig(NeuralConfig, replicas=8, rounds=60, rank=10, baseline_tasks=0):
    """Every task ranks the digits by its own permutation: nothing of low rank to share."""

    tasks: tuple[int, ...] = field((1, 10), help="numbers of tasks M", lower=1)
    values: str = field("permutation", help="reward table of the digits", choices=("permutation",))


class PairsConfig(NeuralConfig, seeds=8, baseline_tasks=45):
    """One task per pair of digits: which of two images shows the larger one?"""

    tasks: tuple[int, ...] = field((1, 45), help="numbers of tasks M", lower=1)
    replicas: int = field(8, help="single-task runs (pairs) averaged into each seed at M = 1", lower=1)
    values: str = field("pairs", help="reward table of the digits", choices=("pairs",))


class BonusesConfig(NeuralConfig, seeds=8, baseline_tasks=10, bonuses=BONUSES):
    """Last layer, gradient features, optimistic network."""

    tasks: tuple[int, ...] = field((10,), help="numbers of tasks M", lower=1)


# Every run is on a stand-in; claims across M need two of them.
STAND_IN = dict(stand_in=True)
ACROSS = dict(stand_in=True, applies=several_tasks)
COMMON = dict(run=run, draw=draw, split=("tasks",))
SMOKE = dict(seeds=2, replicas=1, rounds=6, tasks=(2,), baseline_tasks=2, steps=3, width=16, refit_every=3, late=2)
PAPER = dict(
    seeds=20, tasks=(1, 5, 10, 20, 40), rounds=1000, steps=600, convolution=True, alphas=(0.05, 0.2, 0.8), late=300
)
LU, YANG = "neural experiment", "Yang et al. 2021, MNIST experiment"

NEURAL = Figure(
    name="neural",
    title="Neural GFUCB on digits: regret per task against rounds for several M",
    question="Does one network for several image bandits lower the regret per task, and by more the more tasks share it?",
    config=NeuralConfig,
    claims=(
        lower("late regret per round is lower with the most tasks than with one", f"{LU}: more tasks, lower regret per task",
              across_tasks(SHARED, "late"), **{**ACROSS, "unit": "reward per task and round"}),
        lower("total regret per task is lower with the most tasks than with one", LU, across_tasks(SHARED), **ACROSS),
        lower("the learned representation beats LinUCB on pixels at the largest M", LU, minus(SHARED, LINUCB), **STAND_IN),
        lower("optimism beats greedy at the largest M", "GFUCB explores; greedy is its zero-width limit", minus(SHARED, GREEDY),
              note="the two differ by less than 3 % of the regret: five random images a round explore by themselves; "
              "about 180 seeds would decide a difference of 0.2", **STAND_IN),
        lower("beats uniform at the largest M", "any learner does", minus(SHARED, RANDOM), make=Claim.sanity, **STAND_IN),
    ),
    presets={"smoke": {**SMOKE, "tasks": (1, 2)}, "paper": PAPER},
    **COMMON,
)  # fmt: skip

CONTROL = Figure(
    name="neural_control",
    title="Control: permuted values leave nothing of low rank to share",
    question="If the tasks have nothing of low rank in common, does sharing one network still help?",
    config=ControlConfig,
    claims=(
        Claim.derived("without shared low-rank values more tasks bring no gain",
              "the gain needs tasks that share a representation smaller than the inputs (derived control)", across_tasks(SHARED),
              at_least(0.0), unit=REWARD, note="16 seeds leave it open: about 80 would decide a gain of 0.36, as large as theirs",
              **ACROSS),
    ),
    presets={
        "smoke": {**SMOKE, "rank": 4},
        "paper": dict(seeds=20, tasks=(1, 10, 40), rounds=300, steps=600, late=100),
    },
    **COMMON,
)  # fmt: skip

PAIRS = Figure(
    name="digit_pairs",
    title="Which digit is larger: one task per pair of digits",
    question="Does one network for all pairs of digits have lower regret per task than one network per pair?",
    config=PairsConfig,
    claims=(
        lower("one network for all 45 pairs has lower regret per task than one network per pair", YANG, across_tasks(SHARED), **ACROSS),
        lower("the learned representation beats LinUCB on pixels", f"{YANG}: shared against independent linear bandits",
              minus(SHARED, LINUCB), **STAND_IN),
    ),
    presets={"smoke": SMOKE, "paper": {**PAPER, "tasks": (1, 10, 45)}},
    **COMMON,
)  # fmt: skip

BONUS = Figure(
    name="bonuses",
    title="Three confidence sets of neural GFUCB at one M",
    question="Which of three confidence sets of the neural bandit explores best?",
    config=BonusesConfig,
    claims=(
        lower("all three bonuses beat LinUCB on pixels (the worst minus LinUCB)", "practical variants of Algorithm 1",
              worst(value("total", method=lambda config: config.shared, tasks=most) - total(LINUCB)), **STAND_IN),
    ),
    presets={"smoke": SMOKE, "paper": {**PAPER, "tasks": (10,)}},
    **COMMON,
)  # fmt: skip
