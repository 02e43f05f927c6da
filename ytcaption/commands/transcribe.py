"""``transcribe`` and what else leads to a transcript."""

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import typer

from ytcaption.commands.arguments import FormatOption, JobId, JsonOption, OutputOption
from ytcaption.commands.follow import deliver, follow
from ytcaption.commands.progress import open_display
from ytcaption.commands.session import Session, session_of
from ytcaption.commands.target import Target
from ytcaption.errors import UsageError
from ytcaption.files import check_writable
from ytcaption.jobs import Submission
from ytcaption.options import Options

__all__ = ["audio", "transcribe", "transcript", "wait"]


def _read_note(text: str) -> str:
    key, mark, _ = text.partition("=")
    if not (key and mark):
        raise typer.BadParameter("a note is written as key=value")
    return text


Source = Annotated[str, typer.Argument(metavar="URL|FILE", help="A video's address, or a file.")]
Language = Annotated[
    str | None, typer.Option("--language", "-l", help="What is spoken: pt, en, …, or auto.")
]
Into = Annotated[str | None, typer.Option("--to", help="Translate into this language.")]
CaptionsOption = Annotated[
    Literal["ignore", "prefer"] | None,
    typer.Option(help="`prefer` takes the publisher's own subtitles."),
]
Vocabulary = Annotated[
    list[str] | None, typer.Option("--word", help="A name or term that is spoken; may recur.")
]
Notes = Annotated[
    list[str] | None,
    typer.Option("--note", parser=_read_note, help="key=value, kept with the job; may recur."),
]
Noise = Annotated[bool | None, typer.Option(help="Whether noise is removed.")]
Vocals = Annotated[bool | None, typer.Option("--isolate-vocals", help="Take music away.")]
Highpass = Annotated[bool | None, typer.Option("--highpass", help="Take rumble away.")]
ChannelsOption = Annotated[
    Literal["auto", "mix", "separate"] | None,
    typer.Option(help="`separate` transcribes each channel alone, as a speaker of its own."),
]
TrackOption = Annotated[
    str | None,
    typer.Option(
        "--audio-track", metavar="NUMBER|LANGUAGE", help="Which audio track of the file, from 1."
    ),
]
Speakers = Annotated[bool | None, typer.Option("--diarize", help="Say who speaks.")]
PriorityOption = Annotated[
    Literal["low", "normal", "high"] | None, typer.Option(help="Before or after other jobs.")
]
Force = Annotated[bool | None, typer.Option("--force", help="Do again what was done before.")]
Callback = Annotated[
    str | None, typer.Option("--callback", metavar="URL", help="Where the API tells of the end.")
]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Write the job's id and end at once.")]


def transcribe(  # noqa: PLR0913 - one for each option that a person has
    context: typer.Context,
    source: Source,
    *,
    language: Language = None,
    language_out: Into = None,
    form: FormatOption = None,
    output: OutputOption = None,
    captions: CaptionsOption = None,
    vocabulary: Vocabulary = None,
    notes: Notes = None,
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
    """Transcribe a video or a file, and write the text.

    Ctrl-C asks whether the job is to be cancelled too; where nobody can be asked it goes on.
    """
    session = session_of(context, as_json=as_json)
    target = Target.of(output, form)
    options = Options(
        language=language,
        language_out=language_out,
        captions=captions,
        vocabulary=vocabulary or None,
        metadata=dict(note.split("=", 1) for note in notes) if notes else None,
        remove_noise=remove_noise,
        isolate_vocals=isolate_vocals,
        apply_highpass_filter=apply_highpass_filter,
        diarize=diarize,
        channels=channels,
        audio_track=_read_track(audio_track),
        priority=priority,
        force=force,
        callback_url=callback_url,
    )
    submission = _submit(session, source, options)
    if no_wait:
        _give_submission(session, submission)
    else:
        deliver(session, follow(session, submission.job_id), target)


def wait(
    context: typer.Context,
    job_id: JobId,
    *,
    form: FormatOption = None,
    output: OutputOption = None,
    as_json: JsonOption = False,
) -> None:
    """Wait for a job that was submitted before, and write its text."""
    session = session_of(context, as_json=as_json)
    target = Target.of(output, form)
    session.client.get(job_id)  # to learn at once where there is no such job, or no API
    deliver(session, follow(session, job_id), target)


def transcript(
    context: typer.Context, job_id: JobId, *, form: FormatOption = None, output: OutputOption = None
) -> None:
    """Write the transcript of a completed job."""
    session = session_of(context)
    Target.of(output, form).take(session.client, session.screen, job_id)


def audio(
    context: typer.Context,
    job_id: JobId,
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write.")],
) -> None:
    """Save the normalized audio of a job."""
    session = session_of(context)
    check_writable(output)
    session.client.save_audio(job_id, output)
    session.screen.say(f"Written to {output}")


def _read_track(text: str | None) -> int | str | None:
    """Return the number of a track, or its language."""
    return int(text) if text and text.isdecimal() else text


def _submit(session: Session, source: str, options: Options) -> Submission:
    if urlsplit(source).scheme in {"http", "https"}:
        return session.client.submit(source, **options)
    path = Path(source)
    if not path.is_file():
        raise UsageError(f"There is no file {source}, and a URL starts with https://")
    with open_display(session.screen) as display:
        return session.client.upload(path, on_sent=display.show_upload, **options)


def _give_submission(session: Session, submission: Submission) -> None:
    if session.screen.is_json:
        session.screen.give_json(submission)
    else:
        session.screen.give(submission.job_id)
