"""Readers of files: bytes in, arrays out, one sentence (`BadInput`) when they cannot. Nothing here knows a study.

- `read_csv_series`: multichannel series with a `date` column (ETT, Weather; Zhou et al. 2021).
- `load_ts`: series with a numeric target, the `.ts` format of the TSER archive (Tan et al. 2020).
- `load_cells`, `load_shared`: regression tasks in MATLAB files (School, SARCOS); `pad` stacks tasks of unequal size.
- `load_labelled`: samples of binary tasks in one NumPy archive.
- `load_mnist`, `read_idx`, `find_idx`, `has_part`: MNIST's IDX files (LeCun, Cortes, Burges); `load_mnist_c`: MNIST-C (Mu and Gilmer 2019).
- `load_digits`, `load_digits_28`: scikit-learn's digits, as they come and in MNIST's frame.

>>> from mtrl.data import pad
>>> tasks = pad([[[1.0, 2.0]], [[3.0, 4.0], [5.0, 6.0]]], [[0.5], [1.5, 2.5]])  # two tasks with one and two rows
>>> tasks.x.shape, tasks.mask.tolist()
((2, 2, 2), [[True, False], [True, True]])
"""

from mtrl.data.csv_series import ETT_HEADER, CsvSeries, read_csv_series
from mtrl.data.digits import load_digits, load_digits_28
from mtrl.data.mat_tasks import Tasks, load_cells, load_shared, pad
from mtrl.data.mnist_c import load_mnist_c
from mtrl.data.mnist_idx import PARTS, find_idx, has_part, load_mnist, read_idx
from mtrl.data.task_npz import TaskArrays, load_labelled
from mtrl.data.tser import SeriesSet, load_ts

__all__ = [
    "ETT_HEADER",
    "PARTS",
    "CsvSeries",
    "SeriesSet",
    "TaskArrays",
    "Tasks",
    "find_idx",
    "has_part",
    "load_cells",
    "load_digits",
    "load_digits_28",
    "load_labelled",
    "load_mnist",
    "load_mnist_c",
    "load_shared",
    "load_ts",
    "pad",
    "read_csv_series",
    "read_idx",
]
