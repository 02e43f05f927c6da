"""Whether voices can be told apart here: the model file that it takes."""

from importlib.util import find_spec

from services.kit.work import WorkError
from services.transcriber.settings import TranscriberSettings
from services.weights.wheels import ModelFile

ENCODER = ModelFile(
    "resemblyzer-voices.onnx", "53093f11a43cd877ad93ee305a110a4023813ffc14b6679f183c88a5a52c12a4"
)


def require_encoder(settings: TranscriberSettings) -> None:
    """Refuse what could only fail later; nothing is loaded for it.

    Raises:
        WorkError: ``model_unavailable``, which says what to install.
    """
    if not (ENCODER.exists(settings.models_dir) and find_spec("onnxruntime")):
        raise WorkError(
            "model_unavailable",
            "Telling speakers apart is not installed on this server: whoever runs it has to "
            "install the extra `diarize` (pip install 'ytcaption-orchestrator[diarize]') and run "
            "`python -m services.transcriber.voices_model`. Or send diarize=false.",
        )
