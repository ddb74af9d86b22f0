"""Claims shared by the figures of the study: the simulated error converges to the predicted one."""

from mtrl.harness.claims import Claim, between, mean_interval


def simulation_claims(
    words, rules, *, over: str, dims, samples: int, predicted: str = "predicted"
) -> tuple[Claim, ...]:
    """One claim a rule: simulated minus predicted error, mean over `dims`, interval over training sets.

    Args:
      words: readable name of every rule.
      rules: those to compare.
      over: `dims` in words.
      dims: axes of the figure to average over.
      samples: of the target in all, whose own mean adds 1/samples to the variance of its score.
      predicted: variable that holds the prediction at the simulated points.
    """

    def difference(rule):
        return lambda data: mean_interval(
            (data["error"].sel(rule=rule) - data[predicted].sel(rule=rule)).mean(dims).values
        )

    return tuple(
        Claim(
            f"simulated minus predicted error, mean over {over}: {words[rule]}",
            "theorem 1: the error converges to the prediction; .005 asked at p = 100",
            difference(rule),
            between(-0.005, 0.005),
            note=f"a small excess is expected: the noise of the target's own training mean adds 1/{samples} to the score variance",
        )
        for rule in rules
    )
