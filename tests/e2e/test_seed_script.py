"""The client that the API was first published with still works, word for word."""

import subprocess
import sys
from pathlib import Path

from tools.background import BackgroundStack

_PUBLISHED = """\
import httpx
import json

# 1. Submeter job
response = httpx.post("http://localhost:8000/pipeline", json={
    "youtube_url": "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
    "language": "auto"
})
job_data = response.json()
job_id = job_data["job_id"]

# 2. Polling manual
import time
while True:
    status = httpx.get(f"http://localhost:8000/jobs/{job_id}")
    data = status.json()
    print(f"Status: {data['status']}, Progress: {data['overall_progress']}%")
    
    if data["status"] in ["completed", "failed"]:
        break
    
    time.sleep(5)

# 3. Ver resultado
if data["status"] == "completed":
    print("Texto:", data["transcription_text"][:200])
    print("Segments:", len(data["transcription_segments"]))
"""  # noqa: W293 - as it was published
_RUN_TIMEOUT_S = 120.0


def _run_published_script(stack: BackgroundStack, video: str, directory: Path) -> list[str]:
    script = directory / "sample.py"
    script.write_text(
        _PUBLISHED.replace("http://localhost:8000", stack.address).replace(
            "https://www.youtube.com/watch?v=dQw4w9WgXcQ", video
        ),
        encoding="utf-8",
    )
    finished = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, timeout=_RUN_TIMEOUT_S, check=True
    )
    return finished.stdout.splitlines()


def test_it_prints_the_text_of_a_job_that_completes(
    stack: BackgroundStack, videos: str, tmp_path: Path
) -> None:
    lines = _run_published_script(stack, f"{videos}/jfk.wav", tmp_path)
    assert lines[-3] == "Status: completed, Progress: 100.0%"
    assert "ask not what your country can do for you" in lines[-2]
    assert lines[-1].startswith("Segments: ")


def test_it_ends_with_a_job_that_fails(stack: BackgroundStack, videos: str, tmp_path: Path) -> None:
    lines = _run_published_script(stack, f"{videos}/gone.wav", tmp_path)
    assert lines[-1].startswith("Status: failed, Progress: ")
