"""The Python client of the YTCaption API, and its command line.

    from ytcaption import Client

    with Client("http://127.0.0.1:8000", api_key="ytc_…") as client:
        job = client.wait(client.submit("https://youtu.be/dQw4w9WgXcQ").job_id)
        print(client.transcript(job.job_id, "srt"))

It talks to the public REST API and to nothing else.
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
from ytcaption.jobs import Job, JobPage, JobSummary, Segment, Stage, Submission, Video
from ytcaption.options import Format, Options

__version__ = "1.0.0"

__all__ = [
    "ApiError",
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
    "NotAllowedError",
    "NotAuthenticatedError",
    "NotFoundError",
    "Options",
    "Segment",
    "ServerError",
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
