"""`python -m experiments.benchmark_representation [--figure=NAME] [--preset=smoke|quick|paper]`."""

from experiments.benchmark_representation import STUDY
from mtrl.harness import main

if __name__ == "__main__":
    main(STUDY)
