"""Equal work has equal names, and different work never has."""

import re
from typing import Any

import pytest

from orchestrator.domain.job import Channels, JobOptions
from orchestrator.domain.pipeline import STAGES
from orchestrator.domain.work_keys import derive_work_keys
from tests.support.jobs import URL, make_request


def digests(job_id: str = "a1", *, is_shared: bool = False, **facts: Any) -> list[str]:
    options = JobOptions(**facts.pop("options", {}))
    works = derive_work_keys(job_id, make_request(options=options, **facts), is_shared=is_shared)
    return [works[stage.name] for stage in STAGES]


def shared_stages(one: list[str], other: list[str]) -> list[bool]:
    return [a == b for a, b in zip(one, other, strict=True)]


def test_the_same_request_has_the_same_names_whatever_its_job() -> None:
    assert digests("a1") == digests("b2")


def test_the_stages_of_a_job_have_names_of_their_own() -> None:
    assert len(set(digests())) == len(STAGES)


def test_a_name_is_short_and_plain() -> None:
    assert all(re.fullmatch("[0-9a-f]{32}", name) for name in digests())


def test_jobs_in_other_languages_share_the_download_only() -> None:
    english = digests(options={"language": "en"})
    assert shared_stages(digests(), english) == [True, False, False], "its audio track may differ"


def test_jobs_translated_into_other_languages_share_download_and_normalization() -> None:
    english = digests(options={"language": "en"})
    translated = digests(options={"language": "en", "language_out": "pt"})
    assert shared_stages(english, translated) == [True, True, False]


def test_jobs_with_another_normalization_share_the_download_only() -> None:
    other = digests(options={"isolate_vocals": True})
    assert shared_stages(digests(), other) == [True, False, False]


@pytest.mark.parametrize(
    "options", [{"channels": Channels.SEPARATE}, {"audio_track": 2}, {"audio_track": "pt"}]
)
def test_jobs_with_other_channels_or_another_track_share_the_download_only(
    options: dict[str, Any],
) -> None:
    assert shared_stages(digests(), digests(options=options)) == [True, False, False]


def test_all_addresses_of_one_video_share_everything() -> None:
    other = make_request(url="https://youtu.be/dQw4w9WgXcQ?t=1")
    assert list(derive_work_keys("a1", other, is_shared=False).values()) == digests()


def test_jobs_of_other_addresses_share_nothing() -> None:
    other = make_request(url=f"{URL}-other")
    works = derive_work_keys("a1", other, is_shared=False)
    assert shared_stages(digests(), list(works.values())) == [False, False, False]


def test_a_forced_job_shares_nothing_with_anybody() -> None:
    forced = digests("a1", force=True)
    assert shared_stages(forced, digests("a1")) == [False, False, False]
    assert shared_stages(forced, digests("b2", force=True)) == [False, False, False]
    assert shared_stages(forced, digests("a1", force=True, is_shared=True)) == [True, True, True]


def test_owners_share_nothing_unless_it_is_allowed() -> None:
    ann = digests(owner="ann")
    assert shared_stages(ann, digests(owner="bob")) == [False, False, False]
    assert shared_stages(ann, digests("b2", owner="ann")) == [True, True, True]
    allowed = [digests(is_shared=True, owner=owner) for owner in ("ann", "bob")]
    assert shared_stages(*allowed) == [True, True, True]
