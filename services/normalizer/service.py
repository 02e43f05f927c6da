"""The normalizer's description, for its API (``wsgi.py``) and its worker (``tasks.py``)."""

from services.kit.service import Service
from services.normalizer.capabilities import capabilities
from services.normalizer.options import SubmissionOptions, check
from services.normalizer.settings import NormalizerSettings

SERVICE = Service(
    name="normalizer",
    title="audio-normalization",
    id_prefix="norm_",
    settings=NormalizerSettings,
    options=SubmissionOptions,
    takes_file=True,
    check=check,
    pages={"capabilities": capabilities},
)
