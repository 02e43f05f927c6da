"""The verdict on a finished job: words, times, speakers, languages, warnings, codes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from http import HTTPStatus

from benchmarks.media.alignment import (
    Word,
    align,
    expected_words,
    find_wrong_words,
    quote,
    read_words,
)
from benchmarks.media.case import Case, Json, Refused, Rejected, Right, Transcribed
from benchmarks.media.clips import CLIPS

_END_SLACK_S = 0.15
_NOT_THIS_WAY = "it "
"""Prefix of reasons that only say that the job had another kind of result."""

FindSecret = Callable[[str, str], Sequence[str]]
"""Returns where a job, by its id, contains a secret."""


class Result(StrEnum):
    """The verdict on a case."""

    RIGHT = "right"
    REFUSED = "refused rightly"
    WRONG = "wrong"


@dataclass(frozen=True)
class Outcome:
    """The outcome of a job."""

    status: int
    """HTTP status of the submission."""
    job: Json
    """The job from ``GET /jobs/{id}``, or the problem from the submission."""
    transcript: Json
    """The response of ``GET /jobs/{id}/transcript?format=json``, with ``srt``, ``vtt``, ``txt`` and
    the ``disposition`` of the SRT; empty unless completed."""
    elapsed_s: float

    @property
    def is_rejected(self) -> bool:
        """Whether the submission was rejected."""
        return self.status >= HTTPStatus.BAD_REQUEST

    @property
    def warnings(self) -> list[str]:
        """The codes of the job's warnings, each once."""
        return list(dict.fromkeys(str(each.get("code")) for each in self.job.get("warnings") or []))


@dataclass(frozen=True)
class Verdict:
    """The result of a case, with its reason."""

    case: Case
    result: Result
    reason: str
    elapsed_s: float

    @property
    def is_wrong(self) -> bool:
        """Whether the result is wrong."""
        return self.result is Result.WRONG


def judge(case: Case, outcome: Outcome, find_secret: FindSecret) -> Verdict:
    """Return the verdict on a job; the first matching result of several counts."""
    if case.login and (shown := _find_login(case.login, outcome, find_secret)):
        reason = f"the login appears in {', '.join(shown)}"
        return Verdict(case, Result.WRONG, reason, outcome.elapsed_s)
    reasons = []
    for right in case.right:
        wrong = list(_find_wrong(right, outcome))
        if not wrong:
            result = Result.RIGHT if isinstance(right, Transcribed) else Result.REFUSED
            return Verdict(case, result, _describe(outcome), outcome.elapsed_s)
        reasons.append("; ".join(wrong))
    reason = next((each for each in reasons if not each.startswith(_NOT_THIS_WAY)), reasons[0])
    return Verdict(case, Result.WRONG, reason, outcome.elapsed_s)


def _find_login(login: str, outcome: Outcome, find_secret: FindSecret) -> Sequence[str]:
    password = login.partition(":")[2]
    if job_id := outcome.job.get("job_id"):
        return find_secret(job_id, password)
    return ["the answer"] if password in str(outcome.job) else []


def _describe(outcome: Outcome) -> str:
    if outcome.is_rejected:
        return f"{outcome.status} {outcome.job.get('code')}"
    if outcome.job["status"] == "completed":
        return " ".join(outcome.warnings)
    return str(outcome.job.get("error_code"))


def _find_wrong(right: Right, outcome: Outcome) -> Iterator[str]:
    job = outcome.job
    if isinstance(right, Rejected):
        yield from _find_wrong_rejection(right, outcome)
    elif outcome.is_rejected:
        yield f"{_NOT_THIS_WAY}was rejected: {outcome.status} {job.get('detail')}"
    elif isinstance(right, Refused):
        yield from _find_wrong_refusal(right, job)
    elif job["status"] != "completed":
        what = f"{job.get('error_stage')} {job.get('error_code')}: {job.get('error_message')}"
        yield f"{_NOT_THIS_WAY}{job['status']}: {what}"
    else:
        yield from _find_wrong_transcript(right, outcome)


def _find_wrong_rejection(right: Rejected, outcome: Outcome) -> Iterator[str]:
    if not outcome.is_rejected:
        status, code = outcome.job["status"], outcome.job.get("error_code")
        yield f"{_NOT_THIS_WAY}was accepted, and {status} ({code})"
    elif right.detail.lower() not in str(outcome.job).lower():
        yield f"the response does not contain {right.detail!r}: {outcome.job.get('detail')}"


def _find_wrong_refusal(right: Refused, job: Json) -> Iterator[str]:
    codes = "/".join(sorted(right.codes))
    if job["status"] != "failed":
        text = str(job.get("transcription_text"))[:60]
        yield f"{_NOT_THIS_WAY}{job['status']} ({text!r}) instead of {codes}"
        return
    code, attempts = job["error_code"], job["stages"][job["error_stage"]]["attempt"]
    if code not in right.codes:
        yield f"failed as {code} ({job['error_message']}), not as {codes}"
    if right.retryable is False and attempts > 1:
        yield f"{code} was tried {attempts} times"
    if right.retryable is True and attempts == 1:
        yield f"{code} was not retried"
    if right.retryable is not None and job.get("error_retryable") not in {None, right.retryable}:
        yield f"error_retryable is {job['error_retryable']}"
    if not str(job["error_message"] or "").strip():
        yield "no message"


def _find_wrong_transcript(right: Transcribed, outcome: Outcome) -> Iterator[str]:
    segments = outcome.transcript.get("segments") or []
    transcribed = list(read_words(segments))
    if any(said.speaker for said in right.said):
        yield from _find_wrong_speakers(right, transcribed)
    elif right.most_errors is not None:
        yield from find_wrong_words(right.said, transcribed, right.most_errors)
    yield from _find_wrong_times(segments, right)
    yield from _find_wrong_languages(right, outcome.job)
    codes = set(outcome.warnings)
    if missing := right.warnings - codes:
        yield f"no warning {', '.join(sorted(missing))}"
    if extra := codes - right.warnings - right.may_warn:
        yield f"warned of {', '.join(sorted(extra))}"
    for check in right.checks:
        if wrong := check({**outcome.job, "transcript": outcome.transcript}):
            yield wrong


def _find_wrong_speakers(right: Transcribed, transcribed: Sequence[Word]) -> Iterator[str]:
    names = list(dict.fromkeys(word.speaker for word in transcribed))
    speakers = list(dict.fromkeys(said.speaker for said in right.said))
    if len(names) != len(speakers) or None in names:
        yield f"speakers {names}, expected {len(speakers)}: {quote(transcribed)}"
        return
    for speaker in speakers:
        said = [replace(each, speaker=None) for each in right.said if each.speaker == speaker]
        parts = {name: [word for word in transcribed if word.speaker == name] for name in names}
        expected = expected_words(said)
        own = min(names, key=lambda name: align(expected, parts[name])[0])
        names.remove(own)
        yield from find_wrong_words(said, parts[own], right.most_errors or 0.0)


def _find_wrong_times(segments: Sequence[Json], right: Transcribed) -> Iterator[str]:
    for segment in segments:
        if not 0 <= segment["start"] <= segment["end"]:
            yield f"a segment from {segment['start']} to {segment['end']} s"
    last = max((segment["end"] for segment in segments), default=0.0)
    if right.ends_s is not None and last > right.ends_s + _END_SLACK_S:
        yield f"a segment ends at {last:.2f} s, the sound at {right.ends_s:.2f}"


def _find_wrong_languages(right: Transcribed, job: Json) -> Iterator[str]:
    lengths: dict[str, float] = {}
    for said in right.said:
        length_s = CLIPS[said.clip].length_s
        lengths[said.language] = lengths.get(said.language, 0.0) + length_s
    wanted = right.language or max(lengths, key=lengths.__getitem__, default=None)
    if wanted and job.get("detected_language") != wanted:
        yield f"detected_language {job.get('detected_language')}, not {wanted}"
    if len(lengths) > 1:
        listed = sorted(each["code"] for each in job.get("languages") or [])
        if listed != sorted(lengths):
            yield f"languages {listed}, not {sorted(lengths)}"
