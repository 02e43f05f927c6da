"""Equal work has equal keys, and different work has different keys."""

import re
from typing import Any

import pytest

from orchestrator.domain.job import Channels, JobOptions
from orchestrator.domain.pipeline import STAGES
from orchestrator.domain.work_keys import derive_work_keys
from tests.support.jobs import URL, make_request


def work_keys(job_id: str = "a1", *, is_shared: bool = False, **facts: Any) -> list[str]:
    options = JobOptions(**facts.pop("options", {}))
    works = derive_work_keys(job_id, make_request(options=options, **facts), is_shared=is_shared)
    return [works[stage.name] for stage in STAGES]


def shared_stages(one: list[str], other: list[str]) -> list[bool]:
    return [a == b for a, b in zip(one, other, strict=True)]


def test_equal_requests_have_equal_keys_whatever_the_job() -> None:
    assert work_keys("a1") == work_keys("b2")


def test_each_stage_of_a_job_has_its_own_key() -> None:
    assert len(set(work_keys())) == len(STAGES)


def test_a_key_has_32_hexadecimal_digits() -> None:
    assert all(re.fullmatch("[0-9a-f]{32}", name) for name in work_keys())


def test_jobs_in_other_languages_share_the_download_only() -> None:
    english = work_keys(options={"language": "en"})
    assert shared_stages(work_keys(), english) == [True, False, False], "its audio track may differ"


def test_jobs_translated_into_other_languages_share_download_and_normalization() -> None:
    english = work_keys(options={"language": "en"})
    translated = work_keys(options={"language": "en", "language_out": "pt"})
    assert shared_stages(english, translated) == [True, True, False]


def test_jobs_with_another_normalization_share_the_download_only() -> None:
    other = work_keys(options={"isolate_vocals": True})
    assert shared_stages(work_keys(), other) == [True, False, False]


@pytest.mark.parametrize(
    "options", [{"channels": Channels.SEPARATE}, {"audio_track": 2}, {"audio_track": "pt"}]
)
def test_jobs_with_other_channels_or_another_track_share_the_download_only(
    options: dict[str, Any],
) -> None:
    assert shared_stages(work_keys(), work_keys(options=options)) == [True, False, False]


def test_all_urls_of_one_video_share_everything() -> None:
    other = make_request(url="https://youtu.be/dQw4w9WgXcQ?t=1")
    assert list(derive_work_keys("a1", other, is_shared=False).values()) == work_keys()


def test_jobs_of_different_urls_share_nothing() -> None:
    other = make_request(url=f"{URL}-other")
    works = derive_work_keys("a1", other, is_shared=False)
    assert shared_stages(work_keys(), list(works.values())) == [False, False, False]


def test_a_forced_job_shares_nothing() -> None:
    forced = work_keys("a1", force=True)
    assert shared_stages(forced, work_keys("a1")) == [False, False, False]
    assert shared_stages(forced, work_keys("b2", force=True)) == [False, False, False]
    assert shared_stages(forced, work_keys("a1", force=True, is_shared=True)) == [True, True, True]


def test_owners_share_nothing_unless_it_is_allowed() -> None:
    ann = work_keys(owner="ann")
    assert shared_stages(ann, work_keys(owner="bob")) == [False, False, False]
    assert shared_stages(ann, work_keys("b2", owner="ann")) == [True, True, True]
    allowed = [work_keys(is_shared=True, owner=owner) for owner in ("ann", "bob")]
    assert shared_stages(*allowed) == [True, True, True]
