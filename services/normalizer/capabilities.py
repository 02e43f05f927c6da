"""What this normalizer can do beyond its contract."""

from services.kit.work import WorkError
from services.normalizer.isolation import require_isolation
from services.normalizer.settings import NormalizerSettings


def capabilities(settings: NormalizerSettings | None = None) -> dict[str, bool]:
    """Return the answer to ``GET /capabilities``; no model is loaded for it.

    Args:
        settings: Read from the environment if not given.
    """
    try:
        require_isolation(settings or NormalizerSettings())
    except WorkError:
        return {"isolate_vocals": False}
    return {"isolate_vocals": True}
