"""The model files from ``make models``."""

from pathlib import Path

from services.weights.wheels import ModelFile

MODELS_DIR = Path("var/models").absolute()


def require_model(model: ModelFile) -> Path:
    """Return the folder of a model; fail with instructions if it does not exist."""
    assert model.exists(MODELS_DIR), f"{model.filename} is missing: run `make models` first"
    return MODELS_DIR
