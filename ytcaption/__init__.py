"""The Python client of the YTCaption API, and its command line.

    from ytcaption import Client

    with Client("http://127.0.0.1:8000", api_key="ytc_…") as client:
        job = client.wait(client.submit("https://youtu.be/dQw4w9WgXcQ").job_id)
        print(client.transcript(job.job_id, "srt"))

It uses the public REST API only.
"""

from ytcaption.batches import Batch, BatchItem, BatchSubmission
from ytcaption.client import Client
from ytcaption.errors import (
    ApiError,
    ConflictError,
    GoneError,
    InvalidRequestError,
    NotAllowedError,
    NotAuthenticatedError,
    NotFoundError,
    ServerError,
    TooManyRequestsError,
    UnexpectedAnswerError,
    UnreachableError,
    UsageError,
    WaitTimeoutError,
    YTCaptionError,
)
from ytcaption.events import Event
from ytcaption.health import Health, Stats
from ytcaption.jobs import (
    AudioTrack,
    Job,
    JobPage,
    JobSummary,
    JobWarning,
    Quality,
    Segment,
    SpokenLanguage,
    Stage,
    Submission,
    Video,
)
from ytcaption.options import Format, Options

__version__ = "1.0.0"

__all__ = [
    "ApiError",
    "AudioTrack",
    "Batch",
    "BatchItem",
    "BatchSubmission",
    "Client",
    "ConflictError",
    "Event",
    "Format",
    "GoneError",
    "Health",
    "InvalidRequestError",
    "Job",
    "JobPage",
    "JobSummary",
    "JobWarning",
    "NotAllowedError",
    "NotAuthenticatedError",
    "NotFoundError",
    "Options",
    "Quality",
    "Segment",
    "ServerError",
    "SpokenLanguage",
    "Stage",
    "Stats",
    "Submission",
    "TooManyRequestsError",
    "UnexpectedAnswerError",
    "UnreachableError",
    "UsageError",
    "Video",
    "WaitTimeoutError",
    "YTCaptionError",
]
