"""The model file of the speaker encoder, and the check that diarization is installed."""

from importlib.util import find_spec

from services.kit.work import WorkError
from services.transcriber.settings import TranscriberSettings
from services.weights.wheels import ModelFile

ENCODER = ModelFile(
    "resemblyzer-voices.onnx", "53093f11a43cd877ad93ee305a110a4023813ffc14b6679f183c88a5a52c12a4"
)


def require_encoder(settings: TranscriberSettings) -> None:
    """Refuse a job that would fail later; does not load the model.

    Raises:
        WorkError: ``model_unavailable``; the message names the commands to install it.
    """
    if not (ENCODER.exists(settings.models_dir) and find_spec("onnxruntime")):
        raise WorkError(
            "model_unavailable",
            "Diarization is not installed on this server. Send diarize=false, or ask its operator "
            "to run `pip install 'ytcaption-orchestrator[diarize]'` and "
            "`python -m services.transcriber.voices_model`.",
        )
