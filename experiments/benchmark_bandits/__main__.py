"""`python -m experiments.benchmark_bandits`."""

from experiments.benchmark_bandits import STUDY
from mtrl.harness import main

if __name__ == "__main__":
    main(STUDY)
