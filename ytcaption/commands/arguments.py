"""The arguments and options that several commands have."""

import os
from pathlib import Path
from typing import Annotated

import typer

from ytcaption.client import Client
from ytcaption.commands.wording import clean
from ytcaption.configuration import load_configuration
from ytcaption.errors import YTCaptionError
from ytcaption.options import Format

__all__ = ["FormatOption", "JobId", "JsonOption", "OutputOption"]

_COMPLETION_TIMEOUT_S = 2.0  # a person waits at a prompt


def _complete_job(incomplete: str) -> list[tuple[str, str]]:
    """Return the newest jobs that begin so; a shell that completes shows no errors."""
    try:
        found = load_configuration(os.environ)
        with Client(found.url, found.api_key, timeout_s=_COMPLETION_TIMEOUT_S) as client:
            jobs = client.page().jobs
    except YTCaptionError:
        return []
    return [(job.job_id, clean(job.name)) for job in jobs if job.job_id.startswith(incomplete)]


JobId = Annotated[
    str, typer.Argument(metavar="JOB_ID", help="The job.", autocompletion=_complete_job)
]
JsonOption = Annotated[bool, typer.Option("--json", help="Write JSON, for scripts.")]
FormatOption = Annotated[
    Format | None,
    typer.Option(
        "--format", "-f", help="Of the transcript; else the ending of the output, else txt."
    ),
]
OutputOption = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="The file to write; else the text is written out."),
]
