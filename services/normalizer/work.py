"""Normalizes one recording: measures noise and loudness, then cleans, levels and encodes it."""

import logging
from dataclasses import dataclass, replace
from pathlib import Path

from services.kit.ticking import ticking
from services.kit.work import Artifact, JobContext, Report, WorkError
from services.normalizer import filters
from services.normalizer.ffmpeg import FFmpegRun, OnProgress, OnValue, run_ffmpeg
from services.normalizer.loudness import (
    METER,
    Loudness,
    build_gain,
    build_loudnorm,
    build_measuring,
    choose_peak_dbtp,
    read_meter,
)
from services.normalizer.noise import LEVEL_KEY, NoiseSurvey, build_survey
from services.normalizer.options import SubmissionOptions, check
from services.normalizer.probe import Claims, probe
from services.normalizer.settings import NormalizerSettings
from services.normalizer.voice import Isolation, open_isolator

__all__ = ["SubmissionOptions", "check", "run"]

logger = logging.getLogger(__name__)

MEDIA_TYPES = {"webm": "audio/webm", "flac": "audio/flac", "wav": "audio/wav"}
ISOLATION_PERCENT = 70  # it takes longer than all that follows
NO_OUTPUT = ("-f", "null", "-")


def run(context: JobContext, settings: NormalizerSettings | None = None) -> Artifact:
    """Normalize the submitted recording; memory use does not grow with its length.

    Args:
        context: The job; its upload may be anything that FFmpeg reads, video too.
        settings: Read from the environment if not given.

    Raises:
        WorkError: ``not_audio`` when nothing of it can be decoded, ``file_too_large`` when it
            lasts too long, ``model_unavailable`` as in ``check``.
        JobCancelledError: The job was cancelled; FFmpeg has been killed.
    """
    options = SubmissionOptions.model_validate(context.options)
    settings = settings or NormalizerSettings()
    check(options, settings)
    if context.upload is None:
        raise WorkError("not_audio", "No file was submitted.")
    target = context.work_dir / f"audio_normalized.{options.output_format}"
    watch = _Watch(context.report, settings.max_duration_s)
    normalization = _Normalization(
        source=context.upload,
        target=target,
        options=options,
        claims=probe(context.upload),
        watch=watch,
        most_idle_s=settings.decode_idle_seconds,
    )
    if options.isolate_vocals:
        normalization = normalization.isolate(context.work_dir / "voice.flac", settings)
    survey = normalization.survey()
    removal = survey.noise.build_removal()
    peak_dbtp = choose_peak_dbtp(options.output_format)
    if removal or not (survey.loudness.is_silence or survey.loudness.has_headroom(peak_dbtp)):
        aim = {"peak_dbtp": peak_dbtp, "duration_s": survey.duration_s}
        measured = normalization.measure([*removal, *build_measuring(**aim)])
        levelling = build_loudnorm(measured, **aim)
    else:
        levelling = build_gain(survey.loudness)
    return normalization.encode(removal, levelling, survey.duration_s)


@dataclass(frozen=True)
class _Watch:
    """Turns seconds of audio into the job's progress, and stops what lasts too long."""

    report: Report
    max_duration_s: float
    begun: float = 0.0
    """Percent of the job that lie behind it."""

    def over(self, first: float, last: float, duration_s: float | None) -> OnProgress:
        """Return what reports one pass, which takes the job from first to last percent."""

        def on_progress(decoded_s: float) -> None:
            if decoded_s > self.max_duration_s:
                message = f"The recording is longer than {self.max_duration_s / 3600:g} hours."
                raise WorkError("file_too_large", message)
            share = min(1.0, decoded_s / duration_s) if duration_s else 0.0
            passed = first + (last - first) * share
            self.report(self.begun + (100 - self.begun) / 100 * passed, status="processing")

        return on_progress


@dataclass(frozen=True)
class _Survey:
    """What the first pass found."""

    noise: NoiseSurvey
    loudness: Loudness
    duration_s: float


@dataclass(frozen=True)
class _Normalization:
    """The passes over one recording."""

    source: Path
    target: Path
    options: SubmissionOptions
    claims: Claims
    watch: _Watch
    most_idle_s: float
    """How long FFmpeg may get no further, in seconds."""

    def isolate(self, target: Path, settings: NormalizerSettings) -> "_Normalization":
        """Take the voice out of the recording; return what goes on with that alone."""
        on_progress = self.watch.over(0, ISOLATION_PERCENT, self.claims.duration_s)
        channels = 1 if self.options.convert_to_mono else min(self.claims.channels, 2)
        isolated_s = 0.0

        def remember(done_s: float) -> None:
            nonlocal isolated_s
            isolated_s = done_s
            on_progress(done_s)

        isolation = Isolation(self.source, target, channels, remember)
        # A model may have to be fetched, and a window may take it longer than a sign of life lasts.
        with ticking(lambda: on_progress(isolated_s)):
            duration_s = isolation.run(open_isolator(settings))
        return replace(
            self,
            source=target,
            claims=Claims(channels, duration_s),
            watch=replace(self.watch, begun=ISOLATION_PERCENT),
        )

    def survey(self) -> _Survey:
        """Hear how noisy and how loud the recording is, in one pass."""
        noise = NoiseSurvey()

        def on_value(name: str, value: str) -> None:
            if name == LEVEL_KEY:
                noise.add(float(value))

        steps = [METER]
        if self.options.remove_noise:
            steps += build_survey(filters.sample_rate_hz(self.options))
        on_progress = self.watch.over(0, 25, self.claims.duration_s)
        heard = self._run_pass(steps, NO_OUTPUT, on_progress, on_value)
        loudness = read_meter(heard.log)
        # Half of a truncated file is still worth its words, so the exit code does not decide.
        if not heard.decoded_s or loudness is None:
            logger.warning("ffmpeg ended with %s: %s", heard.exit_code, heard.log)
            raise WorkError("not_audio", "Nothing in the file can be decoded as audio.")
        return _Survey(noise, loudness, heard.decoded_s)

    def measure(self, steps: list[str]) -> dict[str, str]:
        """Return what loudnorm says about the cleaned audio."""
        on_progress = self.watch.over(25, 60, self.claims.duration_s)
        measured = self._run_pass(steps, NO_OUTPUT, on_progress)
        report = measured.read_report()
        if not report:
            raise _fail(measured)
        return report

    def encode(self, removal: list[str], levelling: list[str], duration_s: float) -> Artifact:
        """Write the cleaned and levelled audio."""
        rate = f"aresample={filters.sample_rate_hz(self.options)}"
        written = self._run_pass(
            [*removal, *levelling, rate],
            (*filters.build_encoding(self.options), str(self.target)),
            self.watch.over(60, 100, duration_s),
        )
        if written.exit_code or not written.decoded_s:
            raise _fail(written)
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
    ) -> FFmpegRun:
        chain = ",".join([*filters.build_conversion(self.options, self.claims.channels), *steps])
        # Only this file is opened, even if its content names others.
        source = ["-protocol_whitelist", "file", "-i", str(self.source)]
        arguments = [*source, "-map", "0:a:0", "-af", chain, *output]
        return run_ffmpeg(arguments, on_progress, on_value, most_idle_s=self.most_idle_s)


def _fail(ended: FFmpegRun) -> WorkError:
    logger.error("ffmpeg ended with %s: %s", ended.exit_code, ended.log)
    return WorkError("internal", "The audio could not be processed.", retryable=True)
