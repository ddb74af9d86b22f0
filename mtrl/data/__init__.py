"""Readers of files: bytes in, arrays out, one sentence (`BadInput`) when they cannot. Nothing here knows a study.

Multitask data, one's own or published:

- `read_tasks`: csv, npz, mat or arff, or a folder with one file a task, to a `TaskSet`; its docstring is the layout of one's own table.
  `pad` stacks tasks of unequal size, `check_rows` refuses tasks that are too small, `load_labelled` takes two labels as classes.
- `tasks_of_mat` (School in two layouts, landmine, SARCOS, the computer survey), `read_splits` (School's published splits), `tasks_of_csv`
  (Parkinson's telemonitoring and swimmers by their columns), `tasks_of_arff` (Mulan's collection).
- `read_csv_series`: series with a `date` column (ETT, Weather, exchange rates, illness). `read_ts`, `find_ts`: the `.ts` format of the TSER
  archive (Tan et al. 2020).
- `read_movielens`: ratings of MovieLens 1M and the later sets.

Images: `load_mnist`, `read_idx`, `find_idx`, `has_part` (MNIST's IDX files), `load_mnist_c` (MNIST-C, Mu and Gilmer 2019), `load_digits`,
`load_digits_28` (scikit-learn's digits, as they come and in MNIST's frame), `read_scenes` (NYUv2, Cityscapes).
`read_npy`, `read_npz`, `read_mat`: arrays of such files.

>>> from mtrl.data import pad
>>> tasks = pad([[[1.0, 2.0]], [[3.0, 4.0], [5.0, 6.0]]], [[0.5], [1.5, 2.5]])  # two tasks with one and two rows
>>> tasks.x.shape, tasks.mask.tolist()
((2, 2, 2), [[True, False], [True, True]])
"""

from .csv_series import ETT_HEADER, HOUR, CsvSeries, read_csv_series
from .digits import load_digits, load_digits_28
from .labelled import TaskArrays, load_labelled
from .mat import read_mat, read_splits, tasks_of_mat
from .mnist_c import load_mnist_c
from .mnist_idx import PARTS, find_idx, has_part, load_mnist, read_idx
from .movielens import Ratings, read_movielens
from .npy import read_npy, read_npz
from .read import read_tasks
from .scenes import Scenes, read_scenes
from .tables import tasks_of_arff, tasks_of_csv
from .tasks import Tasks, TaskSet, check_rows, pad
from .tser import SeriesSet, find_ts, read_ts

__all__ = [
    "ETT_HEADER", "HOUR", "PARTS", "CsvSeries", "Ratings", "Scenes", "SeriesSet", "TaskArrays", "TaskSet", "Tasks", "check_rows",
    "find_idx", "find_ts", "has_part", "load_digits", "load_digits_28", "load_labelled", "load_mnist",
    "load_mnist_c", "pad", "read_csv_series", "read_idx", "read_mat", "read_movielens", "read_npy", "read_npz", "read_scenes",
    "read_splits",
    "read_tasks", "read_ts", "tasks_of_arff", "tasks_of_csv", "tasks_of_mat",
]  # fmt: skip
