"""Weights are read from pickles without executing code from them."""

import io
import os
import pickle
from collections import OrderedDict
from typing import Any

import numpy as np
import pytest

from services.weights.unpickling import read_arrays, read_tensors


class Hostile:
    """Pickles itself as a call."""

    def __init__(self, *call: Any) -> None:
        self._call = call

    def __reduce__(self) -> Any:
        function, *arguments = self._call
        return function, tuple(arguments)


def dump(content: object) -> io.BytesIO:
    """Pickle as older numpy did, whose modules had other names."""
    pickled = pickle.dumps(content, protocol=2)
    return io.BytesIO(pickled.replace(b"numpy._core", b"numpy.core"))


def test_arrays_are_read_by_name() -> None:
    arrays = {"weight": np.arange(6, dtype=np.float32).reshape(2, 3), "bias": np.ones(3, "f4")}
    found = read_arrays(dump(arrays))
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)


@pytest.mark.parametrize(
    "hostile",
    [
        Hostile(os.system, "true"),
        Hostile(eval, "1"),
        Hostile(getattr, "", "join"),
        Hostile(OrderedDict),
    ],
    ids=["system", "eval", "getattr", "no array"],
)
def test_names_that_no_array_needs_are_refused(hostile: Hostile) -> None:
    with pytest.raises(pickle.UnpicklingError, match="is not allowed in an array file"):
        read_arrays(dump({"weight": hostile}))


def test_text_becomes_bytes_in_the_one_encoding_that_is_needed() -> None:
    harmless = pickle.dumps({"weight": "\xff"}, protocol=0)
    encoded = harmless.replace(b"V\xff\n", b"c_codecs\nencode\n(V\xff\nV%b\ntR")
    assert read_arrays(io.BytesIO(encoded.replace(b"%b", b"latin1"))) == {"weight": b"\xff"}
    with pytest.raises(pickle.UnpicklingError, match="rot13"):
        read_arrays(io.BytesIO(encoded.replace(b"%b", b"rot13")))


def test_a_hostile_tensor_file_is_refused() -> None:
    start = pickle.dumps("a header", protocol=2) * 3
    with pytest.raises(pickle.UnpicklingError, match="is not allowed in an array file"):
        read_tensors(io.BytesIO(start + dump(Hostile(os.system, "true")).read()), "model_state")
