"""A listing survives the stop of its worker."""

import time
from pathlib import Path

import requests

from tests.support.fake_service import Role
from tests.support.orchestrator import Orchestrator
from tests.support.redis_server import RedisServer
from tools.waiting import wait_until

_STOPS_WITHIN_S = 6.0  # a listing's poll would wait for 20


def test_another_worker_continues_a_listing(tmp_path: Path) -> None:
    with RedisServer() as server, Orchestrator(tmp_path, server) as orchestrator:
        downloader = orchestrator.services[Role.DOWNLOADER]
        downloader.control(playlist=[orchestrator.video("kept")], hold=True)
        body = {"playlist_url": orchestrator.video("list")}
        answer = requests.post(f"{orchestrator.address}/batches", json=body, timeout=10)
        path = answer.headers["Location"]
        wait_until(lambda: downloader.ledger().waiting, timeout_s=20, what="its poll to wait")

        began = time.monotonic()
        assert orchestrator.workers[0].stop() == 0
        assert time.monotonic() - began < _STOPS_WITHIN_S

        downloader.control(hold=False)
        orchestrator.start_beat()
        orchestrator.start_worker()
        wait_until(
            lambda: orchestrator.get(path)["status"] == "completed", timeout_s=40, what="the batch"
        )
        listed = [one for one in downloader.ledger().submissions if "quality" not in one.fields]
        assert len(listed) == 1
