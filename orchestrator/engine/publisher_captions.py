"""Fetches the publisher's captions from the service that downloaded them."""

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

_MAX_PARKS: Final = 2  # the service has just reported them, so it is hardly down


def fetch_captions(client: MicroserviceClient, record: StageRecord) -> Transcript:
    """Return the captions as a transcript.

    Args:
        client: The service.
        record: The stage whose remote job has them.

    Raises:
        CaptionsUnusableError: They do not exist, cannot be parsed, or could not be fetched in
            several turns; the job has to continue without them.
        ServiceError: They may be available later.
    """
    try:
        return client.fetch_captions(record.job_id or "", instance=record.instance)
    except (RemoteJobLostError, ServiceRejectedError) as error:
        raise CaptionsUnusableError(f"Could not fetch the captions: {error}") from error
    except ServiceUnavailableError as error:
        if record.parks < _MAX_PARKS:
            raise
        raise CaptionsUnusableError(f"Could not fetch the captions: {error}") from error
