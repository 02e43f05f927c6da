"""Reads arrays out of pickles without executing what a pickle may ask for.

A pickle is a program: unpickling one calls whatever it names. Here it can name the few
functions that rebuild an array and nothing else.
"""

import pickle
from collections import OrderedDict
from collections.abc import Mapping
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

_rebuild = np.empty(0).__reduce__()[0]


def _encode(text: str, encoding: str) -> bytes:
    """Give back the bytes that protocol 2 had to write as text."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"the encoding {encoding} is none of an array's")
    return text.encode(encoding)


class _Storage:
    """Stands for the numbers of a tensor of PyTorch, which follow the pickle."""

    def __init__(self, key: str, count: int) -> None:
        self.key = key
        self.count = count
        self.numbers: Array = np.empty(count, np.float32)


def _rebuild_tensor(storage: _Storage, offset: int, shape: tuple[int, ...], *_: Any) -> Any:
    """Stand for a tensor until its numbers are read."""
    return storage, offset, shape


_NUMPY = {
    ("numpy.core.multiarray", "_reconstruct"): _rebuild,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("_codecs", "encode"): _encode,
}
_TORCH = {
    ("torch", "FloatStorage"): _Storage,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
    ("collections", "OrderedDict"): OrderedDict,
}


class _ArrayUnpickler(pickle.Unpickler):
    """Knows the given names and refuses all others."""

    def __init__(self, stream: IO[bytes], known: Mapping[tuple[str, str], Any]) -> None:
        super().__init__(stream)
        self._known = known
        self.storages: dict[str, _Storage] = {}

    def find_class(self, module: str, name: str) -> Any:
        """Return what one of the known names means."""
        try:
            return self._known[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"{module}.{name} is no part of an array") from None

    def persistent_load(self, pid: Any) -> Any:
        """Return the storage that a tensor names."""
        _, _, key, _, count, *_ = pid
        return self.storages.setdefault(key, _Storage(key, count))


def read_arrays(stream: IO[bytes]) -> dict[str, Array]:
    """Read a pickle of numpy arrays by name.

    Raises:
        pickle.UnpicklingError: It names anything that is no part of an array.
    """
    arrays: dict[str, Array] = _ArrayUnpickler(stream, _NUMPY).load()
    return arrays


def read_tensors(stream: IO[bytes], member: str) -> dict[str, Array]:
    """Read the tensors of 32-bit floats from a file that ``torch.save`` of before 1.6 wrote.

    Such a file is five pickles (magic number, version, machine, content, names of the storages)
    and then each storage: its count in eight bytes, and its numbers.

    Args:
        stream: The file.
        member: Where in its content the tensors are, by name.

    Raises:
        pickle.UnpicklingError: It names anything that is no part of a tensor.
    """
    for _ in range(3):
        _ArrayUnpickler(stream, {}).load()
    unpickler = _ArrayUnpickler(stream, _TORCH)
    content = unpickler.load()
    for key in _ArrayUnpickler(stream, {}).load():
        storage = unpickler.storages[key]
        stream.read(8)
        storage.numbers = np.frombuffer(stream.read(4 * storage.count), "<f4")
    return {
        name: storage.numbers[offset : offset + int(np.prod(shape))].reshape(shape)
        for name, (storage, offset, shape) in content[member].items()
    }
