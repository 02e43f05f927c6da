"""The verdict of `make media` on a job: what it lets pass, and what it does not."""

from typing import Any

import pytest

from benchmarks.media.case import Case, Refused, Rejected, Right, Said, Transcribed
from benchmarks.media.catalogue import limit, load_catalogue, pick
from benchmarks.media.clips import CLIPS, split_words
from benchmarks.media.verdict import Outcome, Result, Verdict, judge


def segment(clip: str, at_s: float = 0.0, **facts: Any) -> dict[str, Any]:
    """Return the perfect transcript of a clip."""
    words: list[dict[str, Any]] = [
        {"word": word.word, "start": at_s + word.start_s, "end": at_s + word.start_s + 0.2}
        for word in CLIPS[clip].words
    ]
    text = " ".join(word["word"] for word in words)
    return {
        "text": text,
        "start": words[0]["start"],
        "end": words[-1]["end"],
        "words": words,
        **facts,
    }


def completed(*segments: dict[str, Any], **facts: Any) -> Outcome:
    job = {"job_id": "1", "status": "completed", "detected_language": "en", **facts}
    return Outcome(202, job, {"segments": list(segments)}, 1.0)


def failed(code: str, attempt: int = 1) -> Outcome:
    stages = {"download": {"attempt": attempt}}
    job = {"job_id": "1", "status": "failed", "error_code": code, "error_stage": "download"}
    return Outcome(202, {**job, "error_message": "No.", "stages": stages}, {}, 1.0)


def verdict(right: Right, outcome: Outcome, *, login: str | None = None) -> Verdict:
    case = Case("kind", "name", lambda _shop, _own: "a.wav", (right,), login=login)
    return judge(case, outcome, lambda _job_id, _secret: ["the log"])


JFK = Transcribed((Said("jfk", 0),))


def test_words_at_their_times_are_right() -> None:
    assert verdict(JFK, completed(segment("jfk"))).result is Result.RIGHT


def test_missing_words_are_wrong() -> None:
    assert "errors" in verdict(JFK, completed(segment("man"))).reason


def test_invented_words_are_wrong() -> None:
    assert verdict(JFK, completed(segment("jfk"), segment("man", 12))).is_wrong


def test_words_that_are_late_are_wrong() -> None:
    assert "at 0.65 s instead of 0.15" in verdict(JFK, completed(segment("jfk", 0.5))).reason


def test_words_that_drift_after_the_first_are_wrong() -> None:
    drifted = segment("jfk")
    for word in drifted["words"][1:]:
        word["start"] += 0.5
    assert "+0.50 s off" in verdict(JFK, completed(drifted)).reason


def test_words_near_a_cut_may_be_there_or_not() -> None:
    cut = Transcribed((Said("jfk", 0, until_s=2.0),), most_errors=0.0)
    transcribed = segment("jfk")
    for count in (4, 5):  # "americans" starts 0.4 s before the cut
        part = {**transcribed, "words": transcribed["words"][:count]}
        assert not verdict(cut, completed(part)).is_wrong
    assert verdict(cut, completed(transcribed)).is_wrong


def test_a_warning_that_is_missing_or_unexpected_is_wrong() -> None:
    warned = completed(segment("jfk"), warnings=[{"code": "clipped", "detail": ""}])
    assert "warned of clipped" in verdict(JFK, warned).reason
    wanted = Transcribed(JFK.said, warnings=frozenset({"clipped"}))
    assert not verdict(wanted, warned).is_wrong
    assert "no warning clipped" in verdict(wanted, completed(segment("jfk"))).reason


def test_speakers_are_compared_one_by_one_whatever_their_names() -> None:
    both = Transcribed((Said("jfk", 0, speaker="a"), Said("man", 3, speaker="b")))
    told_apart = completed(segment("man", 3, speaker="X"), segment("jfk", speaker="Y"))
    assert not verdict(both, told_apart).is_wrong
    assert "speakers" in verdict(both, completed(segment("jfk"), segment("man", 3))).reason


def test_every_word_is_in_a_segment_of_its_language() -> None:
    both = Transcribed((Said("jfk", 0), Said("pt", 11)))
    languages = [{"code": "en", "seconds": 11}, {"code": "pt", "seconds": 3}]
    parts = [segment("jfk", language="en"), segment("pt", 11, language="pt")]
    assert not verdict(both, completed(*parts, languages=languages)).is_wrong
    parts[1]["language"] = "en"
    assert "language" in verdict(both, completed(*parts, languages=languages)).reason


@pytest.mark.parametrize(
    ("code", "attempt", "retryable", "result"),
    [
        ("not_audio", 1, False, Result.REFUSED),
        ("not_audio", 3, False, Result.WRONG),
        ("internal", 1, False, Result.WRONG),
        ("not_audio", 1, True, Result.WRONG),
        ("not_audio", 3, True, Result.REFUSED),
    ],
)
def test_a_refusal_has_the_right_code_and_number_of_attempts(
    code: str, attempt: int, *, retryable: bool, result: Result
) -> None:
    right = Refused(frozenset({"not_audio"}), retryable)
    assert verdict(right, failed(code, attempt)).result is result


def test_a_job_that_completes_instead_of_failing_is_wrong() -> None:
    right = Refused(frozenset({"not_audio"}))
    assert "completed" in verdict(right, completed(segment("jfk"))).reason


def test_a_rejection_says_what_is_wrong() -> None:
    answer = Outcome(422, {"code": "invalid_request", "detail": "language: xx"}, {}, 0.1)
    assert verdict(Rejected("language"), answer).result is Result.REFUSED
    assert verdict(Rejected("audio_track"), answer).is_wrong
    assert verdict(Rejected("language"), completed(segment("jfk"))).is_wrong


def test_a_login_that_shows_is_wrong() -> None:
    assert "the login appears" in verdict(JFK, completed(segment("jfk")), login="user:pw").reason


def test_a_segment_beyond_the_end_of_the_sound_is_wrong() -> None:
    ends = Transcribed(JFK.said, ends_s=9.0)
    assert "the sound at 9.00" in verdict(ends, completed(segment("jfk"))).reason


def test_titles_and_accents_do_not_count_as_errors() -> None:
    assert split_words("Mr. John, rápida!") == ["mister", "john", "rapida"]


def test_names_of_cases_are_unique_and_kinds_can_be_picked() -> None:
    cases = load_catalogue()
    late = pick(cases, ["late"])
    assert {case.kind for case in late} == {"late"}
    assert len(limit(cases, 1)) == len({case.kind for case in cases})
