"""A wrong clock, by seconds or by an hour, does not change the behaviour of a host."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
import requests

from orchestrator.engine.uploads import Draft, UploadStore
from orchestrator.store import keys
from orchestrator.store.batches import BatchStore
from orchestrator.store.connection import Connection, connect
from orchestrator.store.deletions import DeletionStore
from orchestrator.store.jobs import JobStore
from services.kit.jobs.keys import Keys
from services.kit.jobs.leases import Leases
from services.kit.jobs.store import JobStore as RemoteJobStore
from services.kit.jobs.store import NewJob
from tests.support.fake_service import Fault, FaultPlan, expected_text
from tests.support.jobs import make_request, make_settings
from tests.support.orchestrator import Orchestrator
from tests.support.receiver import WEBHOOK_SECRET, Receiver
from tests.support.redis_server import RedisServer
from tools.waiting import wait_until

_WRONG_PATH = Path(__file__).parents[3] / "support" / "wrong_clock"


@pytest.fixture(params=[12.0, -12.0, 3600.0, -3600.0])
def wrong_by_s(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> float:
    """The offset of the clock of this process from that of Redis, in seconds."""
    shift_s: float = request.param
    right = time.time
    monkeypatch.setattr(time, "time", lambda: right() + shift_s)
    monkeypatch.setattr(time, "time_ns", lambda: round((right() + shift_s) * 1e9))
    return shift_s


@pytest.fixture
def connection(redis_url: str) -> Iterator[Connection]:
    connection = connect(make_settings(redis_url=redis_url))
    yield connection
    connection.client.close()


@pytest.mark.usefixtures("wrong_by_s")
def test_a_remote_job_is_deleted_by_the_time_of_redis(connection: Connection) -> None:
    now_ms = connection.now_ms()
    with connection.commands() as client:
        due = {'["downloader","http://a.test","due"]': now_ms}
        client.zadd(keys.DELETIONS, due | {'["downloader","http://a.test","later"]': now_ms + 9000})
    store = DeletionStore(connection)
    found = store.take_due(limit=10, visibility_timeout_s=30)
    assert [one.remote_id for one in found] == ["due"]
    assert store.take_due(limit=10, visibility_timeout_s=30) == [], "put off"
    with connection.commands() as client:
        put_off_ms = client.zscore(keys.DELETIONS, found[0].member) - now_ms
    assert 29_000 < put_off_ms < 35_000


@pytest.mark.usefixtures("wrong_by_s")
def test_a_job_expires_by_the_time_of_redis(connection: Connection) -> None:
    now_ms = connection.now_ms()
    with connection.commands() as client:
        client.zadd(keys.EXPIRING, {"over": now_ms - 9000, "kept": now_ms + 9000})
    assert JobStore(connection, make_settings()).expired(limit=10) == ["over"]


@pytest.mark.usefixtures("wrong_by_s")
def test_the_age_of_a_batch_is_by_the_time_of_redis(connection: Connection) -> None:
    batches = BatchStore(connection, retention_s=60)
    batch = batches.get(batches.create((), make_request()).batch_id)
    assert batch is not None
    assert -1 <= batch.age_s < 5
    assert abs(batch.created_at.timestamp() * 1000 - connection.now_ms()) < 5000


@pytest.mark.usefixtures("wrong_by_s")
def test_a_new_upload_is_not_deleted_by_the_cleanup(tmp_path: Path) -> None:
    draft = Draft(tmp_path, max_bytes=10)
    draft.write(b"sound")
    (tmp_path / "a1").write_bytes(b"of a job that is stored in the next instant")
    assert UploadStore(tmp_path).sweep(list) == 0
    draft.discard()


@pytest.mark.usefixtures("wrong_by_s")
def test_a_service_queues_jobs_by_the_time_of_redis(redis_url: str) -> None:
    client, own = redis.Redis.from_url(redis_url, decode_responses=True), Keys("service")
    leases = Leases(client, own)
    store = RemoteJobStore(client, own, id_prefix="x_", retention_s=60)
    store.submit("x_1", NewJob({}, "fingerprint"), max_queue=10)
    (_, since_ms), *_ = leases.list_waiting()
    assert 0 <= leases.now_ms() - since_ms < 5000
    leases.move_to_end("x_1")
    ((_, again_ms),) = leases.list_waiting()
    assert since_ms <= again_ms < since_ms + 5000
    client.close()


@pytest.fixture(scope="module", params=[12, -3600])
def wrong(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Orchestrator]:
    """All processes of an orchestrator whose clocks are wrong, beside services that hide jobs."""
    hiding = FaultPlan(rates={Fault.HIDDEN: 1.0})
    with (
        RedisServer() as server,
        Orchestrator(
            tmp_path_factory.mktemp("wrong"),
            server,
            services={"stage_s": 0.3, "hidden_s": 0.2, "faults": hiding, "honours_wait": False},
            PYTHONPATH=str(_WRONG_PATH),
            CLOCK_WRONG_BY_S=request.param,
            POLL_INTERVAL=0.5,
            ALLOW_PRIVATE_ADDRESSES="true",
            WEBHOOK_SECRET=WEBHOOK_SECRET,
        ) as orchestrator,
    ):
        orchestrator.start_beat()
        yield orchestrator


def test_a_job_that_is_not_visible_yet_costs_no_attempt(wrong: Orchestrator) -> None:
    job_id = wrong.submit("hidden")
    job = wrong.await_status(job_id, "completed", "failed")
    assert job["transcription_text"] == expected_text(wrong.video("hidden")), job["error_message"]
    assert {stage["attempt"] for stage in job["stages"].values()} == {1}


def test_a_signature_has_the_time_of_redis(wrong: Orchestrator) -> None:
    with Receiver() as receiver:
        wrong.submit("told", callback_url=f"{receiver.url}/hook")
        wait_until(lambda: receiver.notices, timeout_s=30, what="the webhook")
    (notice,) = receiver.notices
    assert abs(time.time() - int(notice.headers["webhook-timestamp"])) < 10


def test_a_job_that_has_just_ended_is_not_old(wrong: Orchestrator) -> None:
    job_id = wrong.submit("fresh")
    wrong.await_status(job_id, "completed")
    answer = requests.post(f"{wrong.address}/admin/cleanup?max_age_hours=0.01", timeout=10)
    assert answer.ok, answer.text
    assert wrong.get(f"/jobs/{job_id}")["status"] == "completed"
