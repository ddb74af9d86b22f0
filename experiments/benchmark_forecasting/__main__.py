"""`python -m experiments.benchmark_forecasting`."""

from experiments.benchmark_forecasting import STUDY
from mtrl.harness import main

if __name__ == "__main__":
    main(STUDY)
