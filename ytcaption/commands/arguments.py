"""Arguments and options that several commands share."""

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

_COMPLETION_TIMEOUT_S = 2.0  # the shell blocks meanwhile


def _complete_job(incomplete: str) -> list[tuple[str, str]]:
    """Return the newest jobs whose ids start with ``incomplete``; none on errors."""
    try:
        configuration = load_configuration(os.environ)
        with Client(
            configuration.url, configuration.api_key, timeout_s=_COMPLETION_TIMEOUT_S
        ) as client:
            jobs = client.page().jobs
    except YTCaptionError:
        return []
    return [(job.job_id, clean(job.name)) for job in jobs if job.job_id.startswith(incomplete)]


JobId = Annotated[
    str, typer.Argument(metavar="JOB_ID", help="ID of the job.", autocompletion=_complete_job)
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
FormatOption = Annotated[
    Format | None,
    typer.Option(
        "--format", "-f", help="Transcript format. Default: the extension of --output, or txt."
    ),
]
OutputOption = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="Write to this file instead of standard output."),
]
