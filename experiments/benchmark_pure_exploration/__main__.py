"""`python -m experiments.benchmark_pure_exploration`."""

from experiments.benchmark_pure_exploration import STUDY
from mtrl.harness import main

if __name__ == "__main__":
    main(STUDY)
