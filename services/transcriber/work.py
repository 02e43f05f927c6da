"""The transcriber's job: decode a recording, transcribe it, write the results."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from services.kit.work import Artifact, JobContext, WorkError
from services.transcriber.audio import measure_duration_s
from services.transcriber.background import iterate_in_background
from services.transcriber.engine_cache import engine_cache
from services.transcriber.languages import AUTO, languages
from services.transcriber.options import SubmissionOptions, check
from services.transcriber.pipeline import Pipeline
from services.transcriber.settings import TranscriberSettings
from services.transcriber.speech import SAMPLE_RATE_HZ
from services.transcriber.summary import summarize
from services.transcriber.transcript import Transcript

__all__ = ["SubmissionOptions", "check", "languages", "run"]

FILENAME = "transcription.srt"
MEDIA_TYPE = "application/x-subrip"
TICK_S = 1.0
SUMMARY = ("detected_language", "language_probability", "languages", "quality", "warnings")
"""Fields of the transcription that are also part of the job."""


def run(context: JobContext, settings: TranscriberSettings | None = None) -> Artifact:
    """Transcribe the submitted recording.

    The transcript so far is published as ``transcription`` and saved as a checkpoint; another
    run resumes from it.

    Args:
        context: The job; its upload may be any audio or video file that FFmpeg reads.
        settings: Read from the environment if not given.

    Raises:
        WorkError: ``not_audio``, ``file_too_large``, ``decoding_stalled``,
            ``unsupported_language`` or ``model_unavailable``.
        JobCancelledError: The job was cancelled and its current block has completed, which takes
            as long as a few chunks; the kit kills a worker process that takes longer.
    """
    settings = settings or TranscriberSettings()
    options = SubmissionOptions.model_validate(context.options)
    check(options, settings)
    if context.upload is None:
        raise WorkError("not_audio", "The submission has no file. Send it in the field `file`.")
    duration_s = measure_duration_s(context.upload)
    resumed = Transcript.from_state(context.checkpoint) if context.checkpoint else Transcript()
    steps = _transcribe(context.upload, options, settings, resumed)
    requested = None if options.language_in == AUTO else options.language_in

    def to_document(transcript: Transcript) -> dict[str, Any]:
        return {**transcript.to_json(), **summarize(transcript, requested=requested)}

    with closing(iterate_in_background(steps, period_s=TICK_S)) as in_background:
        transcript = _report_progress(in_background, context, resumed, duration_s, to_document)
    return _write(transcript, to_document(transcript), context.work_dir / FILENAME)


def _transcribe(
    upload: Path, options: SubmissionOptions, settings: TranscriberSettings, resumed: Transcript
) -> Iterator[Transcript]:
    with engine_cache.borrow(settings) as engine:
        yield resumed  # the model is loaded
        yield from Pipeline(engine, options, settings).run(upload, resumed)


def _report_progress(
    steps: Iterator[Transcript | None],
    context: JobContext,
    transcript: Transcript,
    duration_s: float | None,
    to_document: Callable[[Transcript], dict[str, Any]],
) -> Transcript:
    """Publish each transcript and report the transcribed part of the duration as progress."""
    status = "loading_model"
    context.report(0.0, status=status)
    for step in steps:
        if step:
            transcript, status = step, "transcribing"
            if step.segments:
                context.publish("transcription", to_document(step.settled))
                context.save_checkpoint(step.to_state())
        transcribed_s = transcript.heard / SAMPLE_RATE_HZ
        progress = min(100.0, 100 * transcribed_s / duration_s) if duration_s else 0.0
        context.report(progress, status=status)
    return transcript


def _write(transcript: Transcript, document: dict[str, Any], target: Path) -> Artifact:
    target.write_text(transcript.to_srt(), encoding="utf-8")
    return Artifact(
        target,
        FILENAME,
        MEDIA_TYPE,
        details={
            "segments": len(transcript.segments),
            **{name: document[name] for name in SUMMARY},
        },
        documents={
            "text": {"text": transcript.text},
            "transcription": document,
            "subtitles": {
                "srt": transcript.to_srt(),
                "vtt": transcript.to_vtt(),
                "txt": transcript.to_txt(),
            },
        },
    )
