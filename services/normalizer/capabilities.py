"""The optional capabilities of this normalizer."""

from services.kit.work import WorkError
from services.normalizer.isolation import check_isolation
from services.normalizer.settings import NormalizerSettings


def capabilities(settings: NormalizerSettings | None = None) -> dict[str, bool]:
    """Return the response of ``GET /capabilities``, without loading a model.

    Args:
        settings: Read from the environment if not given.
    """
    try:
        check_isolation(settings or NormalizerSettings())
    except WorkError:
        return {"isolate_vocals": False}
    return {"isolate_vocals": True}
