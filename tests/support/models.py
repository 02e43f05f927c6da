"""The model files that ``make models`` makes, once for all tests."""

from pathlib import Path

from services.weights.wheels import ModelFile

MODELS_DIR = Path("var/models").absolute()


def require_model(model: ModelFile) -> Path:
    """Return the folder that holds a model, and fail with what to do if it is not there."""
    assert model.exists(MODELS_DIR), f"{model.filename} is missing: run `make models` first"
    return MODELS_DIR
