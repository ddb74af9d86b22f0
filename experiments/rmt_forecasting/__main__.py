"""`python -m experiments.rmt_forecasting`."""

from experiments.rmt_forecasting import STUDY
from mtrl.harness import main

if __name__ == "__main__":
    main(STUDY)
