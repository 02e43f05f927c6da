"""The normalizer's work: measure noise and loudness, then filter, level and encode."""

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from services.kit.running.keepalive import keepalive
from services.kit.work import Artifact, JobContext, Report, WorkError
from services.media import Recording, Voices, choose_voices, detect_voices, open_recording
from services.media.survey import Survey
from services.media.voices import plain_mix
from services.normalizer import filters
from services.normalizer.failures import classify_failure
from services.normalizer.ffmpeg import FFmpegRun, OnProgress, OnValue, run_ffmpeg
from services.normalizer.loudness import (
    METER,
    Loudness,
    build_gain,
    build_loudnorm,
    build_measurement,
    choose_peak_dbtp,
    read_meter,
)
from services.normalizer.noise import LEVEL_KEY, NoiseSurvey, build_survey
from services.normalizer.options import SubmissionOptions, check
from services.normalizer.settings import NormalizerSettings
from services.normalizer.source import Source
from services.normalizer.voice import Isolation, open_isolator

__all__ = ["SubmissionOptions", "check", "run"]

logger = logging.getLogger(__name__)

MEDIA_TYPES = {"webm": "audio/webm", "flac": "audio/flac", "wav": "audio/wav"}
ISOLATION_PERCENT = 70  # isolation takes longer than all other passes
NO_OUTPUT = ("-f", "null", "-")
SHORTEST_SOUND_S = 0.05


def run(context: JobContext, settings: NormalizerSettings | None = None) -> Artifact:
    """Normalize the submitted recording; memory use does not grow with its length.

    Args:
        context: The job; its upload may have any format that FFmpeg reads, including video.
        settings: Read from the environment if not given.

    Raises:
        WorkError: ``not_audio`` if nothing can be decoded, ``invalid_track`` if the requested
            track does not exist, ``file_too_large`` if it is too long, ``model_unavailable``,
            ``decoding_stalled``, or an error of ``classify_failure``.
        JobCancelledError: The job was cancelled; FFmpeg has been killed.
    """
    options = SubmissionOptions.model_validate(context.options)
    settings = settings or NormalizerSettings()
    check(options, settings)
    if context.upload is None:
        raise WorkError("not_audio", "The job has no file. Submit an audio or video file.")
    progress = _ProgressReporter(context.report, settings.max_duration_s)
    normalization = _open(context, options, settings, progress)
    if options.isolate_vocals:
        normalization = normalization.isolate(context.work_dir / "voice.flac", settings)
    normalization, survey = normalization.survey()
    removal = survey.noise.build_removal()
    peak_dbtp = choose_peak_dbtp(options.output_format)
    if removal or not (survey.loudness.is_silence or survey.loudness.has_headroom(peak_dbtp)):
        target = {"peak_dbtp": peak_dbtp, "duration_s": survey.duration_s}
        measured = normalization.measure([*removal, *build_measurement(**target)])
        levelling = build_loudnorm(measured, **target)
    else:
        levelling = build_gain(survey.loudness)
    artifact = normalization.encode(removal, levelling, survey.duration_s)
    return replace(artifact, details={**artifact.details, **normalization.details})


def _open(
    context: JobContext,
    options: SubmissionOptions,
    settings: NormalizerSettings,
    progress: "_ProgressReporter",
) -> "_Normalization":
    upload = context.upload or Path()
    on_progress = progress.for_pass(0, 0, None)
    # Silent tracks are read to their end to find one with speech.
    with keepalive(lambda: on_progress(0.0)):
        recording = open_recording(
            upload,
            track=options.audio_track,
            language=options.language,
            most_idle_s=settings.decode_idle_seconds,
        )
        voices = plain_mix(recording.channels)
        if options.isolate_vocals or options.channels == "separate":
            voices = detect_voices(
                recording, options.channels, max_duration_s=settings.max_duration_s
            )
    source = Source(recording, voices, settings.max_duration_s)
    return _Normalization(
        source=source,
        original=recording,
        target=context.work_dir / f"audio_normalized.{options.output_format}",
        options=options,
        duration_s=recording.duration_s,
        progress=progress,
        is_decided=voices.is_separate or options.isolate_vocals or recording.channels == 1,
    )


@dataclass(frozen=True)
class _ProgressReporter:
    """Converts seconds of audio to the job's progress, and enforces the maximum duration."""

    report: Report
    max_duration_s: float
    start_percent: float = 0.0
    """Percent of the job that is already completed."""

    def for_pass(self, first: float, last: float, duration_s: float | None) -> OnProgress:
        """Return the callback of a pass that takes the job from ``first`` to ``last`` percent."""

        def on_progress(decoded_s: float) -> None:
            if decoded_s > self.max_duration_s:
                message = (
                    f"The recording exceeds the limit of {self.max_duration_s / 3600:g} hours. "
                    "Submit it in parts."
                )
                raise WorkError("file_too_large", message)
            share = min(1.0, decoded_s / duration_s) if duration_s else 0.0
            passed = first + (last - first) * share
            self.report(
                self.start_percent + (100 - self.start_percent) / 100 * passed, status="processing"
            )

        return on_progress


@dataclass(frozen=True)
class _Survey:
    """The measurements of the first pass."""

    noise: NoiseSurvey
    loudness: Loudness
    duration_s: float


@dataclass(frozen=True)
class _Normalization:
    """The passes over one recording."""

    source: Source
    original: Recording
    """The submitted recording; the source may be its isolated voice."""
    target: Path
    options: SubmissionOptions
    duration_s: float | None
    """The duration of the source, according to its metadata."""
    progress: _ProgressReporter
    is_decided: bool
    """Whether the selection of channels is final."""

    @property
    def details(self) -> dict[str, Any]:
        """Return the job's details about its source."""
        return {
            "warnings": self.original.warnings(),
            "audio_tracks": self.original.list_tracks(),
            "channels": "separate" if self.source.voices.is_separate else "mix",
        }

    def isolate(self, target: Path, settings: NormalizerSettings) -> "_Normalization":
        """Isolate the voice; return the normalization of the isolated voice."""
        on_progress = self.progress.for_pass(0, ISOLATION_PERCENT, self.duration_s)
        isolated_s = 0.0

        def record_progress(done_s: float) -> None:
            nonlocal isolated_s
            isolated_s = done_s
            on_progress(done_s)

        isolation = Isolation(self.source, target, self.options.convert_to_mono, record_progress)
        # Downloading a model or processing a window may take longer than a progress interval.
        with keepalive(lambda: on_progress(isolated_s)):
            duration_s = isolation.run(open_isolator(settings))
        recording = open_recording(target, most_idle_s=settings.decode_idle_seconds)
        voices = Voices(
            np.eye(isolation.channels, dtype=np.float32), self.source.voices.is_separate
        )
        return replace(
            self,
            source=replace(self.source, recording=recording, voices=voices),
            duration_s=duration_s,
            progress=replace(self.progress, start_percent=ISOLATION_PERCENT),
        )

    def survey(self) -> tuple["_Normalization", _Survey]:
        """Measure noise and loudness, and select the channels with voices.

        Most recordings need a plain mix of their channels. So the mix is measured in the same
        pass, and again only if another selection turns out to be right.
        """
        if self.is_decided:
            return self, self.survey_once(20)
        channels = Survey(self.source.recording.channels, filters.sample_rate_hz(self.options))
        presumed = self._with_voices(self.source.voices)
        survey = presumed.survey_once(15, channels)
        source = self.source
        # Channels with crosstalk are read again, without measurable progress.
        with keepalive(lambda: self.progress.for_pass(15, 15, None)(0.0)):
            found = choose_voices(
                source.recording,
                channels,
                self.options.channels,
                max_duration_s=source.max_duration_s,
            )
        decided = replace(self._with_voices(found), is_decided=True)
        before, after = presumed.source.voices.weights, decided.source.voices.weights
        if not found.paths and before.shape == after.shape and np.allclose(before, after):
            return decided, survey
        return decided, decided.survey_once(25)

    def _with_voices(self, voices: Voices) -> "_Normalization":
        """Return a copy with other voices, in stereo if requested and available."""
        is_stereo = not (self.options.convert_to_mono or voices.is_separate)
        if is_stereo and self.source.recording.channels > 1:
            voices = voices.to_stereo(self.source.recording.layout)
        return replace(self, source=replace(self.source, voices=voices))

    def survey_once(self, last: float, channels: Survey | None = None) -> _Survey:
        """Measure the current source, up to ``last`` percent of the job."""
        noise = NoiseSurvey()

        def on_value(name: str, value: str) -> None:
            if name == LEVEL_KEY:
                noise.add(float(value))

        steps = [METER]
        if self.options.remove_noise:
            rate_hz = filters.sample_rate_hz(self.options)
            mono = filters.build_mono(
                self.source.channels, is_separate=self.source.voices.is_separate
            )
            steps += build_survey(rate_hz, mono)
        on_progress = self.progress.for_pass(last - 10, last, self.duration_s)
        ended = self._run_pass(steps, NO_OUTPUT, on_progress, on_value, channels)
        loudness = read_meter(ended.log)
        duration_s = self.source.recording.damage.sound_end_s
        # FFmpeg may fail before it has read much audio.
        if duration_s < SHORTEST_SOUND_S and not ended.exit_code:
            raise WorkError(
                "not_audio",
                "The recording is shorter than 0.05 s. Check that the file is complete.",
            )
        if ended.exit_code or loudness is None:
            raise _to_error(ended)
        return _Survey(noise, loudness, ended.decoded_s)

    def measure(self, steps: list[str]) -> dict[str, str]:
        """Return loudnorm's measurements of the filtered audio."""
        on_progress = self.progress.for_pass(25, 60, self.duration_s)
        measured = self._run_pass(steps, NO_OUTPUT, on_progress)
        report = measured.read_report()
        if measured.exit_code or not report:
            raise _to_error(measured)
        return report

    def encode(self, removal: list[str], levelling: list[str], duration_s: float) -> Artifact:
        """Write the filtered and levelled audio."""
        rate = f"aresample={filters.sample_rate_hz(self.options)}"
        is_separate = self.source.voices.is_separate
        encoding = filters.build_encoding(self.options, is_separate=is_separate)
        written = self._run_pass(
            [*removal, *levelling, rate],
            (*encoding, str(self.target)),
            self.progress.for_pass(60, 100, duration_s),
        )
        if written.exit_code or not written.decoded_s:
            raise _to_error(written)
        details = {
            "duration": round(written.decoded_s, 3),
            "noise_removed": bool(removal),
            "levelled": bool(levelling),
            "vocals_isolated": self.options.isolate_vocals,
        }
        media_type = MEDIA_TYPES[self.options.output_format]
        return Artifact(self.target, self.target.name, media_type, details)

    def _run_pass(
        self,
        steps: list[str],
        output: tuple[str, ...],
        on_progress: OnProgress,
        on_value: OnValue | None = None,
        channels: Survey | None = None,
    ) -> FFmpegRun:
        chain = ",".join([*filters.build_conversion(self.options), *steps])
        rate_hz = filters.sample_rate_hz(self.options)
        raw = filters.build_input(
            rate_hz, self.source.channels, is_separate=self.source.voices.is_separate
        )
        return run_ffmpeg(
            [*raw, "-af", chain, *output],
            on_progress,
            on_value,
            feed=self.source.feed(rate_hz, channels),
            most_idle_s=self.source.recording.most_idle_s,
        )


def _to_error(ended: FFmpegRun) -> WorkError:
    logger.error("FFmpeg failed: exit_code=%s log=%s", ended.exit_code, ended.log)
    return classify_failure(ended)
