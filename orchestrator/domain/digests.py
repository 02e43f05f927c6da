"""What a stage does to what, as one short name: equal names share one remote job. Pure."""

import hashlib
import json
from functools import lru_cache

from orchestrator.domain.job import JobOptions, JobRequest
from orchestrator.domain.pipeline import Stage, stages_of

__all__ = ["digest_works"]


def digest_works(job_id: str, request: JobRequest, *, is_shared: bool) -> dict[str, str]:
    """Return the digest of each stage's work by the stage's name.

    A digest covers the service, what is sent to it and the digest of the stage before, so it
    names input and options both. Jobs of different owners differ, unless work is shared; a job
    that is forced differs from all others. An upload is known by its content.

    Args:
        job_id: The job; told apart by it if forced.
        request: What is asked for.
        is_shared: Whether owners share their work.
    """
    scope = job_id if request.force else "" if is_shared else request.owner
    content = request.upload.sha256 if request.upload else ""
    before = hashlib.sha256(f"{scope}{content}".encode()).hexdigest()
    url = request.source.canonical_url
    digests = {}
    for stage in stages_of(request):
        asked = _write_asked(stage, "" if stage.takes_audio else url, request.options)
        before = hashlib.sha256(f"{before}{asked}".encode()).hexdigest()
        digests[stage.name] = before[:32]
    return digests


@lru_cache(maxsize=256)  # most jobs ask for the same
def _write_asked(stage: Stage, address: str, options: JobOptions) -> str:
    fields = stage.fields(address, options)
    return json.dumps([stage.service.name, dict(fields)], sort_keys=True)
