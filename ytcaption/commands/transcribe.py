"""Commands that submit jobs and fetch transcripts and audio."""

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import typer

from ytcaption.commands.arguments import FormatOption, JobId, JsonOption, OutputOption
from ytcaption.commands.follow import follow, write_result
from ytcaption.commands.progress import open_display
from ytcaption.commands.session import Session, session_of
from ytcaption.commands.target import Target
from ytcaption.errors import UsageError
from ytcaption.files import check_writable
from ytcaption.jobs import Submission
from ytcaption.options import Options

__all__ = ["audio", "transcribe", "transcript", "wait"]


def _parse_metadata(text: str) -> str:
    key, mark, _ = text.partition("=")
    if not (key and mark):
        raise typer.BadParameter("use the form KEY=VALUE")
    return text


Source = Annotated[str, typer.Argument(metavar="URL|FILE", help="URL of a video, or a local file.")]
Language = Annotated[
    str | None, typer.Option("--language", "-l", help="Spoken language: pt, en, …, or auto.")
]
Into = Annotated[str | None, typer.Option("--to", help="Translate into this language.")]
CaptionsOption = Annotated[
    Literal["ignore", "prefer"] | None,
    typer.Option(help="`prefer` uses the publisher's captions, if any."),
]
Vocabulary = Annotated[
    list[str] | None, typer.Option("--word", help="Name or term to expect; repeatable.")
]
MetadataOption = Annotated[
    list[str] | None,
    typer.Option(
        "--note",
        metavar="KEY=VALUE",
        parser=_parse_metadata,
        help="Metadata to store with the job; repeatable.",
    ),
]
Noise = Annotated[bool | None, typer.Option(help="Remove background noise.")]
Vocals = Annotated[bool | None, typer.Option("--isolate-vocals", help="Remove music, keep voices.")]
Highpass = Annotated[bool | None, typer.Option("--highpass", help="Remove low-frequency rumble.")]
ChannelsOption = Annotated[
    Literal["auto", "mix", "separate"] | None,
    typer.Option(help="`separate` transcribes each channel as its own speaker."),
]
TrackOption = Annotated[
    str | None,
    typer.Option(
        "--audio-track",
        metavar="NUMBER|LANGUAGE",
        help="Audio track, by number (from 1) or language.",
    ),
]
Speakers = Annotated[bool | None, typer.Option("--diarize", help="Label segments with speakers.")]
PriorityOption = Annotated[
    Literal["low", "normal", "high"] | None, typer.Option(help="Priority in the queue.")
]
Force = Annotated[
    bool | None, typer.Option("--force", help="Ignore earlier results and repeat all work.")
]
Callback = Annotated[
    str | None,
    typer.Option("--callback", metavar="URL", help="URL for a webhook when the job ends."),
]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Print the job ID and exit.")]


def transcribe(  # noqa: PLR0913 - one per command-line option
    context: typer.Context,
    source: Source,
    *,
    language: Language = None,
    language_out: Into = None,
    form: FormatOption = None,
    output: OutputOption = None,
    captions: CaptionsOption = None,
    vocabulary: Vocabulary = None,
    metadata: MetadataOption = None,
    remove_noise: Noise = None,
    isolate_vocals: Vocals = None,
    apply_highpass_filter: Highpass = None,
    diarize: Speakers = None,
    channels: ChannelsOption = None,
    audio_track: TrackOption = None,
    priority: PriorityOption = None,
    force: Force = None,
    callback_url: Callback = None,
    no_wait: NoWait = False,
    as_json: JsonOption = False,
) -> None:
    """Transcribe a video or a file, and print the text.

    Ctrl-C asks whether to cancel the job; without a terminal the job continues.
    """
    session = session_of(context, as_json=as_json)
    target = Target.of(output, form)
    options = Options(
        language=language,
        language_out=language_out,
        captions=captions,
        vocabulary=vocabulary or None,
        metadata=dict(entry.split("=", 1) for entry in metadata) if metadata else None,
        remove_noise=remove_noise,
        isolate_vocals=isolate_vocals,
        apply_highpass_filter=apply_highpass_filter,
        diarize=diarize,
        channels=channels,
        audio_track=_parse_track(audio_track),
        priority=priority,
        force=force,
        callback_url=callback_url,
    )
    submission = _submit(session, source, options)
    if no_wait:
        _print_submission(session, submission)
    else:
        write_result(session, follow(session, submission.job_id), target)


def wait(
    context: typer.Context,
    job_id: JobId,
    *,
    form: FormatOption = None,
    output: OutputOption = None,
    as_json: JsonOption = False,
) -> None:
    """Wait for a job, and print its transcript."""
    session = session_of(context, as_json=as_json)
    target = Target.of(output, form)
    session.client.get(job_id)  # fails at once if the job does not exist
    write_result(session, follow(session, job_id), target)


def transcript(
    context: typer.Context, job_id: JobId, *, form: FormatOption = None, output: OutputOption = None
) -> None:
    """Print the transcript of a completed job."""
    session = session_of(context)
    Target.of(output, form).write_transcript(session.client, session.screen, job_id)


def audio(
    context: typer.Context,
    job_id: JobId,
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write.")],
) -> None:
    """Save the normalized audio of a job."""
    session = session_of(context)
    check_writable(output)
    session.client.save_audio(job_id, output)
    session.screen.info(f"Wrote {output}")


def _parse_track(text: str | None) -> int | str | None:
    """Return the number of a track, or its language."""
    return int(text) if text and text.isdecimal() else text


def _submit(session: Session, source: str, options: Options) -> Submission:
    if urlsplit(source).scheme in {"http", "https"}:
        return session.client.submit(source, **options)
    path = Path(source)
    if not path.is_file():
        raise UsageError(f"No such file: {source} (a URL starts with http:// or https://)")
    with open_display(session.screen) as display:
        return session.client.upload(path, on_sent=display.show_upload, **options)


def _print_submission(session: Session, submission: Submission) -> None:
    if session.screen.is_json:
        session.screen.print_json(submission)
    else:
        session.screen.print(submission.job_id)
