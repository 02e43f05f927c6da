"""Read arrays from pickles without executing code from them.

A pickle is a program: unpickling calls the functions that it names. Here only the few functions
that rebuild an array are allowed.
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
    """Return the bytes that protocol 2 stores as text."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"encoding {encoding} is not allowed; expected latin1")
    return text.encode(encoding)


class _Storage:
    """A placeholder for the values of a PyTorch tensor, which follow the pickle."""

    def __init__(self, key: str, count: int) -> None:
        self.key = key
        self.count = count
        self.numbers: Array = np.empty(count, np.float32)


def _rebuild_tensor(storage: _Storage, offset: int, shape: tuple[int, ...], *_: Any) -> Any:
    """Return a placeholder for a tensor whose values are not read yet."""
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
    """Allows the given names only."""

    def __init__(self, stream: IO[bytes], allowed: Mapping[tuple[str, str], Any]) -> None:
        super().__init__(stream)
        self._allowed = allowed
        self.storages: dict[str, _Storage] = {}

    def find_class(self, module: str, name: str) -> Any:
        """Return the object of an allowed name."""
        try:
            return self._allowed[module, name]
        except KeyError:
            raise pickle.UnpicklingError(
                f"{module}.{name} is not allowed in an array file"
            ) from None

    def persistent_load(self, pid: Any) -> Any:
        """Return the storage of a tensor."""
        _, _, key, _, count, *_ = pid
        return self.storages.setdefault(key, _Storage(key, count))


def read_arrays(stream: IO[bytes]) -> dict[str, Array]:
    """Read a pickle of numpy arrays, by name.

    Raises:
        pickle.UnpicklingError: The pickle names an object that is not allowed.
    """
    arrays: dict[str, Array] = _ArrayUnpickler(stream, _NUMPY).load()
    return arrays


def read_tensors(stream: IO[bytes], member: str) -> dict[str, Array]:
    """Read the tensors of 32-bit floats from a file of ``torch.save`` before version 1.6.

    Such a file consists of five pickles (magic number, version, machine, content, names of the
    storages) and the storages: the count in eight bytes, then the values.

    Args:
        stream: The file.
        member: The member of its content with the tensors.

    Raises:
        pickle.UnpicklingError: The pickle names an object that is not allowed.
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
