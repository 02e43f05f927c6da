"""The service of docs/how-to/add-a-service.md runs as written."""

import os
import re
from pathlib import Path

from tests.support.project import ROOT
from tests.support.services import ServiceProcesses

GUIDE = ROOT / "docs/how-to/add-a-service.md"
LONGEST_WORK_LINES = 10


def write_example(directory: Path) -> dict[str, str]:
    """Write the guide's files; return their texts by their paths."""
    blocks = re.findall(r"```python\n# (\S+)\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    for path, text in blocks:
        (directory / path).parent.mkdir(exist_ok=True)
        (directory / path).write_text(text)
    return dict(blocks)


def test_the_service_of_the_guide_does_jobs(redis_url: str, tmp_path: Path) -> None:
    write_example(tmp_path)
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    with ServiceProcesses(
        "shouter", redis_url, tmp_path, environment={"PYTHONPATH": path}
    ) as service:
        job = service.follow(service.submit(json={"text": "hello"})["id"])
        assert job["id"].startswith("shout_")
        assert service.call("GET", f"/jobs/{job['id']}/download").text == "HELLO"
        failed = service.follow(service.submit(json={"text": " "})["id"])
        assert (failed["error_code"], failed["retryable"]) == ("nothing_to_shout", False)
        assert service.call("POST", "/jobs", json={}).json()["errors"][0]["pointer"] == "/text"
        assert service.call("GET", "/health").json()["service"] == "text-shouter"


def test_the_work_of_the_guide_is_ten_lines(tmp_path: Path) -> None:
    work = write_example(tmp_path)["shouter/work.py"]
    assert len([line for line in work.splitlines() if line.strip()]) <= LONGEST_WORK_LINES
