"""Downloads and unpacks one pinned package of the npm registry, with npm."""

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
    """A package with its exact contents."""

    name: str
    version: str
    integrity: str
    """In npm's format: ``sha512-`` and the digest in Base64."""

    def unpack(self, directory: Path, tools: NodeTools | None = None) -> Path:
        """Download the package, verify its digest and unpack it.

        npm only downloads the archive and runs nothing of it.

        Args:
            directory: For the archive; it must exist.
            tools: The npm to use; by default it is searched.

        Returns:
            The folder with the package's files.

        Raises:
            UnavailableError: npm is missing or cannot download it, or its digest differs.
        """
        with nullcontext(tools) if tools else node_tools() as used:
            archive = self._fetch(directory, used)
        digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
        if f"sha512-{digest}" != self.integrity:
            raise UnavailableError(f"{self.name} {self.version} does not have the pinned digest")
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
            raise UnavailableError(f"npm could not download {wanted}: {fetched.stderr.strip()}")
        return archives[0]
