"""The multitask ridge by SciPy's conjugate gradients, as one would write it who keeps the matrices of the formulas out of memory."""

import numpy as np


def conjugate_gradients(X: np.ndarray, y: np.ndarray, gamma: np.ndarray, lam: float) -> np.ndarray:
    """`(B^-1 + Z Z^T/(Td)) vec(W) = Z Y/sqrt(Td)` by products with the data X (task, sample, dim), to a relative residual of 1e-12.

    Raises:
      RuntimeError: SciPy did not converge.
    """
    from scipy.sparse import linalg

    T, _, d = X.shape
    inverse, rows = np.linalg.inv(np.diag(gamma) + lam), X.transpose(0, 2, 1)

    def product(flat: np.ndarray) -> np.ndarray:
        W = flat.reshape(T, d)
        return (inverse @ W + (rows @ (X @ W[:, :, None]))[:, :, 0] / (T * d)).ravel()

    system = linalg.LinearOperator((T * d, T * d), matvec=product, dtype=float)
    found, failed = linalg.cg(system, (rows @ y[:, :, None])[:, :, 0].ravel() / np.sqrt(T * d), rtol=1e-12)
    if failed:
        raise RuntimeError(f"SciPy's conjugate gradients stopped with code {failed}")
    return found.reshape(T, d)
