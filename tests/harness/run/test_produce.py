"""Cells become one dataset."""

import numpy as np
import xarray as xr

from mtrl.harness.run import produce, store


def test_a_closed_form_in_several_cells_is_said_once(tmp_path):
    """Without a seed axis every batch of seeds gives the same data, of every split value its own."""
    paths = []
    for cell, lam in enumerate((0.1, 0.1, 10.0, 10.0)):
        data = xr.Dataset({"risk": ("lam", [2 * lam])}, coords={"lam": [lam]}, attrs={"seeds": f"[{cell % 2}]"})
        paths.append(tmp_path / f"{cell}.nc")
        store.write_dataset(paths[-1], data)
        store.write_json(
            paths[-1].with_suffix(".json"), {"wall_time_seconds": 2.0} | ({"compile_seconds": 1.0} if cell else {})
        )
    whole, origin = produce.collate(paths)
    np.testing.assert_array_equal(whole["risk"].sel(lam=[0.1, 10.0]), [0.2, 20.0])
    assert whole.sizes == {"lam": 2} and origin["cells"] == 4 and "seeds" not in whole.attrs
    assert origin["wall_time_seconds"] == 8.0 and "compile_seconds" not in origin, "the first cell did not record it"
