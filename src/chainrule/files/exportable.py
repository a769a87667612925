"""`export`, the method that fitted estimators, loaded models and reports share."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..interchange.stamp import Stamp

__all__ = ["Exportable"]


class Exportable:
    """A thing with a trained network, which other programs can run."""

    __slots__ = ()

    def export(
        self,
        path: str | os.PathLike[str],
        *,
        preparation: bool = True,
        rows: Any = None,
        seed: int = 0,
    ) -> Stamp:
        """Write the network to a file that runs without this package, with its measured distance from the model.

        Parameters
        ----------
        path : path
            Ends in ".onnx" (ONNX, opset 17), ".c" (one C99 file, float) or ".py" (Python with NumPy alone).
            Replaced only when the new file is whole.
        preparation : bool, default True
            Whether the preparation of raw rows, where the model has one, is in the file; else it takes prepared rows,
            shape (N, n_0).
        rows : as `predict` takes them, or a mapping of column names to arrays, optional
            Rows that file and model are compared on; without them 1000 are drawn, from the ranges of the preparation
            where there is one, else standard normal. The first 16 are kept in the file.
        seed : int, default 0
            Of the rows that are drawn.

        Returns
        -------
        Stamp
            The largest difference that was measured, which is in the file, too.

        Raises
        ------
        InputError
            Another ending; a network, a column or a size that the format cannot carry.

        Examples
        --------
        >>> import pathlib, tempfile
        >>> from chainrule import Model, Network
        >>> net = Network((2, 3, 1), ("relu", "identity"), "squared_error")
        >>> file = pathlib.Path(tempfile.mkdtemp()) / "m.c"
        >>> stamp = Model(net, net.init(seed=0, dtype="float32")).export(file)
        >>> stamp.rows, stamp.difference < 1e-6
        (1000, True)
        """
        from ..interchange.export import export

        return export(self, path, preparation=preparation, rows=rows, seed=seed)
