"""Keys of the work of stages; stages with equal keys share one remote job. Pure."""

import hashlib
import json
from functools import lru_cache

from orchestrator.domain.job import JobOptions, JobRequest
from orchestrator.domain.pipeline import Stage, stages_of

__all__ = ["derive_work_keys"]


def derive_work_keys(job_id: str, request: JobRequest, *, is_shared: bool) -> dict[str, str]:
    """Return the work key of each stage by the stage's name.

    A key is a digest of the service, the submitted fields and the key of the stage before, so it
    covers both input and options. Keys of different owners differ unless work is shared. The keys
    of a forced job are unique. An upload is identified by its content.

    Args:
        job_id: The job's id; part of the keys if the job is forced.
        request: The request.
        is_shared: Whether owners share work.
    """
    scope = job_id if request.force else "" if is_shared else request.owner
    content = request.upload.sha256 if request.upload else ""
    before = hashlib.sha256(f"{scope}{content}".encode()).hexdigest()
    url = request.source.canonical_url
    keys = {}
    for stage in stages_of(request):
        fields = _encode_fields(stage, "" if stage.takes_audio else url, request.options)
        before = hashlib.sha256(f"{before}{fields}".encode()).hexdigest()
        keys[stage.name] = before[:32]
    return keys


@lru_cache(maxsize=256)  # most jobs have the same options
def _encode_fields(stage: Stage, url: str, options: JobOptions) -> str:
    fields = stage.fields(url, options)
    return json.dumps([stage.service.name, dict(fields)], sort_keys=True)
