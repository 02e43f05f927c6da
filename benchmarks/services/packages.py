"""Recordings from Debian packages, downloaded once and kept in ``var``; nothing is committed."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path


def unpack(names: Sequence[str], folder: Path) -> Path:
    """Download Debian packages and unpack them into one folder, unless it exists already.

    Args:
        names: The packages' names. Their dependencies are not downloaded.
        folder: For their files.

    Raises:
        SystemExit: The machine has no apt.
    """
    if folder.is_dir():
        return folder
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        sys.exit("The recordings are Debian packages: run this on Debian or Ubuntu.")
    draft = folder.with_name(f".{folder.name}")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    subprocess.run(["apt-get", "-q", "download", *names], cwd=draft, check=True)  # noqa: S603, S607 - fixed names
    for package in draft.glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", str(package), str(draft)], check=True)  # noqa: S603, S607 - just downloaded
    return draft.rename(folder)
