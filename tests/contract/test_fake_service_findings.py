"""The fake service reports findings and its capabilities."""

import requests

from tests.support.fake_service import FakeService
from tools.waiting import wait_until

WARNING = {"code": "clipped", "detail": "The recording is clipped."}
QUALITY = {"speech_s": 9.0, "transcribed_s": 8.5, "mean_confidence": 0.9}


def test_a_completed_job_and_its_transcription_have_the_findings() -> None:
    findings = {"quality": QUALITY}
    with FakeService("transcriber", stage_s=0, warnings=[WARNING], findings=findings) as service:
        answer = requests.post(
            f"{service.url}/jobs", files={"file": ("a.webm", b"audio")}, timeout=10
        )
        job_url = f"{service.url}/jobs/{answer.json()['id']}"
        wait_until(
            lambda: requests.get(job_url, timeout=10).json()["status"] == "completed",
            timeout_s=10,
            what="the job to be done",
        )
        details = requests.get(job_url, timeout=10).json()["details"]
        document = requests.get(f"{job_url}/transcription", timeout=10).json()
    for told in (details, document):
        assert (told["warnings"], told["quality"]) == ([WARNING], QUALITY)
    assert {"language", "confidence", "no_speech"} <= document["segments"][0].keys()


def test_what_it_can_do_is_told_where_that_is_asked_for() -> None:
    pairs = [("pt", "en")]
    with FakeService(
        "transcriber", languages=["en", "pt"], translations=pairs, installed=[]
    ) as service:
        page = requests.get(f"{service.url}/languages", timeout=10).json()
    assert [one["code"] for one in page["languages"]] == ["en", "pt"]
    assert (page["translations"], page["diarize"]) == ([{"from": "pt", "to": "en"}], False)
    with FakeService("normalizer", languages=["en"]) as service:
        page = requests.get(f"{service.url}/capabilities", timeout=10).json()
    assert page == {"isolate_vocals": True}


def test_a_service_of_the_base_contract_does_not_say_what_it_can_do() -> None:
    with FakeService("transcriber") as service:
        assert "diarize" not in requests.get(f"{service.url}/languages", timeout=10).json()
    with FakeService("normalizer") as service:
        assert requests.get(f"{service.url}/capabilities", timeout=10).status_code == 404
