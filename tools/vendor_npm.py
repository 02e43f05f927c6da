"""Fetches one pinned package of the npm registry, through npm itself, and unpacks it."""

import base64
import hashlib
import subprocess
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from tools.archives import unpack_tar
from tools.vendor_node import NodeTools, UnavailableError, node_tools

__all__ = ["NpmPackage", "UnavailableError"]


@dataclass(frozen=True)
class NpmPackage:
    """A package by its exact contents."""

    name: str
    version: str
    integrity: str
    """As npm writes it: ``sha512-`` and the digest in Base64."""

    def unpack(self, directory: Path, tools: NodeTools | None = None) -> Path:
        """Fetch the package, compare its digest and unpack it.

        Nothing of it is run: npm is only asked for the archive.

        Args:
            directory: Where the archive goes; it must exist.
            tools: The npm to use; by default one is looked for.

        Returns:
            The folder with the package's files.

        Raises:
            UnavailableError: npm is missing or cannot fetch it, or its contents are others.
        """
        with nullcontext(tools) if tools else node_tools() as used:
            archive = self._fetch(directory, used)
        digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
        if f"sha512-{digest}" != self.integrity:
            raise UnavailableError(f"{self.name} {self.version} is not what was pinned")
        unpack_tar(archive, directory)
        return directory / "package"

    def _fetch(self, directory: Path, tools: NodeTools) -> Path:
        wanted = f"{self.name}@{self.version}"
        fetched = subprocess.run(
            [*tools.npm, "pack", "--silent", "--ignore-scripts", wanted],
            cwd=directory,
            capture_output=True,
            text=True,
            check=False,
        )
        archives = list(directory.glob("*.tgz"))
        if fetched.returncode or len(archives) != 1:
            raise UnavailableError(f"npm could not fetch {wanted}: {fetched.stderr.strip()}")
        return archives[0]
