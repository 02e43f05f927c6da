"""The publisher's own subtitles, from the service that came upon them."""

from typing import Final

from orchestrator.domain.job import StageRecord, Transcript
from orchestrator.errors import (
    CaptionsUnusableError,
    RemoteJobLostError,
    ServiceRejectedError,
    ServiceUnavailableError,
)
from orchestrator.microservice import MicroserviceClient

__all__ = ["fetch_captions"]

_MOST_PARKS: Final = 2  # the service has just said that they are there: it is not down


def fetch_captions(client: MicroserviceClient, record: StageRecord) -> Transcript:
    """Return the subtitles as a transcript.

    Args:
        client: The service.
        record: The stage, whose remote job has them.

    Raises:
        CaptionsUnusableError: They are not there, make no sense, or could not be had again and
            again; the job is to go on without them.
        ServiceError: They may be had later.
    """
    try:
        return client.fetch_captions(record.job_id or "", instance=record.instance)
    except (RemoteJobLostError, ServiceRejectedError) as error:
        raise CaptionsUnusableError(f"The captions cannot be had: {error}") from error
    except ServiceUnavailableError as error:
        if record.parks < _MOST_PARKS:
            raise
        raise CaptionsUnusableError(f"The captions cannot be had: {error}") from error
