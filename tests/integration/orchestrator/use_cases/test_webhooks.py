"""Signed webhooks are delivered, with retries, when a job has ended."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from orchestrator.errors import CallbackError, ForbiddenAddressError
from orchestrator.http.pinned import post
from tests.support.certificates import Authority
from tests.support.fake_service import Down, Role
from tests.support.orchestrator import Orchestrator
from tests.support.private_addresses import PRIVATE_HOSTS
from tests.support.receiver import WEBHOOK_SECRET, Receiver
from tools.ports import LOOPBACK
from tools.waiting import wait_until


def deliveries(orchestrator: Orchestrator, job_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = orchestrator.get(f"/jobs/{job_id}/deliveries")["deliveries"]
    return found


def await_delivery(orchestrator: Orchestrator, job_id: str, status: str) -> dict[str, Any]:
    wait_until(
        lambda: [one["status"] for one in deliveries(orchestrator, job_id)][-1:] == [status],
        timeout_s=40,
        what=f"a delivery to be {status}",
    )
    return deliveries(orchestrator, job_id)[-1]


def test_a_signed_webhook_is_sent_when_a_job_ends(orchestrator: Orchestrator) -> None:
    with Receiver() as receiver:
        job_id = orchestrator.submit("told", callback_url=f"{receiver.url}/hook?for=me")
        assert orchestrator.get(f"/jobs/{job_id}")["callback_url"] == f"{receiver.url}/hook?for=me"
        job = orchestrator.await_status(job_id, "completed")
        delivery = await_delivery(orchestrator, job_id, "delivered")
    (webhook,) = receiver.notices
    assert webhook.path == "/hook?for=me"
    assert webhook.is_signed_with(WEBHOOK_SECRET)
    assert abs(time.time() - int(webhook.headers["webhook-timestamp"])) < 60
    assert webhook.content == {
        "type": "job.completed",
        "timestamp": job["completed_at"],
        "data": {"job_id": job_id, "status": "completed", "warnings": [], "warning_count": 0},
    }
    assert delivery["delivery_id"] == webhook.id
    assert (delivery["attempts"], delivery["response_status"]) == (1, 204)
    assert (delivery["type"], delivery["error"]) == ("job.completed", None)


def test_a_job_that_is_completed_at_submission_sends_a_webhook(orchestrator: Orchestrator) -> None:
    orchestrator.await_status(orchestrator.submit("told-again"), "completed")
    with Receiver() as receiver:
        job_id = orchestrator.submit("told-again", callback_url=receiver.url)
        await_delivery(orchestrator, job_id, "delivered")
    assert [webhook.content["data"]["job_id"] for webhook in receiver.notices] == [job_id]


def test_failure_and_cancellation_send_webhooks_again_after_a_retry(
    orchestrator: Orchestrator,
) -> None:
    downloader = orchestrator.services[Role.DOWNLOADER]
    downloader.control(fail_next=1)
    with Receiver() as receiver:
        job_id = orchestrator.submit("told-of-failure", callback_url=receiver.url)
        orchestrator.await_status(job_id, "failed")
        await_delivery(orchestrator, job_id, "delivered")
        downloader.control(hold=True)
        orchestrator.post(f"/jobs/{job_id}/retry")
        orchestrator.post(f"/jobs/{job_id}/cancel")
        wait_until(lambda: len(receiver.notices) == 2, timeout_s=20, what="a second webhook")
    assert [webhook.content["type"] for webhook in receiver.notices] == [
        "job.failed",
        "job.cancelled",
    ]
    assert len({webhook.id for webhook in receiver.notices}) == 2


def test_a_webhook_is_retried_with_the_same_id_until_it_is_delivered(
    orchestrator: Orchestrator,
) -> None:
    with Receiver(statuses=(500, 302, 200), location=f"http://{LOOPBACK}:1/") as receiver:
        job_id = orchestrator.submit("told-late", callback_url=receiver.url)
        delivery = await_delivery(orchestrator, job_id, "delivered")
    assert (delivery["attempts"], delivery["response_status"]) == (3, 200)
    assert len(receiver.notices) == 3
    assert len({webhook.id for webhook in receiver.notices}) == 1
    assert len({webhook.body for webhook in receiver.notices}) == 1


def test_after_410_a_webhook_is_resent_only_on_request(
    orchestrator: Orchestrator,
) -> None:
    with Receiver(statuses=(410, 204)) as receiver:
        job_id = orchestrator.submit("told-once", callback_url=receiver.url)
        failed = await_delivery(orchestrator, job_id, "failed")
        assert (failed["attempts"], failed["error"]) == (1, "HTTP status 410")
        path = f"/jobs/{job_id}/deliveries/{failed['delivery_id']}/resend"
        answer = orchestrator.post(path)
        assert (answer.status_code, answer.json()["status"]) == (202, "pending")
        delivered = await_delivery(orchestrator, job_id, "delivered")
        assert delivered["delivery_id"] == failed["delivery_id"]
    assert [webhook.id for webhook in receiver.notices] == [failed["delivery_id"]] * 2


def test_webhooks_of_a_deleted_job_are_not_sent(orchestrator: Orchestrator) -> None:
    with Receiver(statuses=(500,)) as receiver:
        job_id = orchestrator.submit("told-never", callback_url=receiver.url)
        orchestrator.await_status(job_id, "completed")
        assert orchestrator.delete(f"/jobs/{job_id}").status_code == 204
        with orchestrator.redis() as client:
            wait_until(
                lambda: not [one for one in client.zrange("orchestrator:deliveries", 0, -1)
                             if one.startswith(job_id)],
                timeout_s=20, what="the webhook to be removed",
            )  # fmt: skip
            assert not list(client.scan_iter(f"orchestrator:job:{job_id}*"))


def test_an_unknown_job_or_delivery_is_not_found(orchestrator: Orchestrator) -> None:
    job_id = orchestrator.submit("told-nothing")
    assert deliveries(orchestrator, job_id) == []
    answer = orchestrator.post(f"/jobs/{job_id}/deliveries/msg_{job_id}_1/resend")
    assert (answer.status_code, answer.json()["code"]) == (404, "delivery_not_found")
    answer = orchestrator.post("/jobs/none/deliveries/msg_1/resend")
    assert (answer.status_code, answer.json()["code"]) == (404, "job_not_found")
    assert orchestrator.get("/jobs/none/deliveries")["code"] == "job_not_found"


@pytest.mark.parametrize(
    "url", ["ftp://client.test/", "client.test/hook", "http://", "http://a:b@client.test/",
            "http://client.test:0/", "http://client.test:99999/", "http://evil.test\\.client.test/"],
)  # fmt: skip
def test_an_invalid_callback_url_is_refused(orchestrator: Orchestrator, url: str) -> None:
    body = {"youtube_url": orchestrator.video("refused"), "callback_url": url}
    answer = requests.post(f"{orchestrator.address}/pipeline", json=body, timeout=10)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


# Names that no resolver of a test machine knows are never connected to either.
_UNKNOWN_NAMES = {"metadata.google.internal", "printer.local", "router.home.arpa"}


@pytest.mark.parametrize("host", [host for host in PRIVATE_HOSTS if host not in _UNKNOWN_NAMES])
def test_a_webhook_is_never_sent_to_a_private_address(host: str) -> None:
    plain = host.rpartition("@")[2]
    with Receiver() as receiver:
        port = receiver.url.rpartition(":")[2]
        with pytest.raises((ForbiddenAddressError, CallbackError)):
            post(f"http://{plain}:{port}/", b"", {}, allow_private=False, limit_s=2)
    assert receiver.notices == []


def send(url: str, *, limit_s: float = 5) -> int:
    return post(url, b"{}", {}, allow_private=True, limit_s=limit_s)


def test_a_host_is_resolved_once_and_the_checked_address_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def resolve(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        address = LOOPBACK if len(asked) == 1 or host == LOOPBACK else "127.0.0.2"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    with Receiver() as receiver:
        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        port = receiver.url.rpartition(":")[2]
        assert send(f"http://rebinding.example:{port}/hook") == 204
    assert asked.count("rebinding.example") == 1
    assert receiver.notices[0].headers["host"] == f"rebinding.example:{port}"


def resolve_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Have every host name resolve to these addresses."""

    def resolve(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        found = addresses if host.endswith(".example") else [host]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


@pytest.mark.parametrize(("named", "is_good"), [("hook.example", True), ("other.example", False)])
def test_the_certificate_is_verified_for_the_host_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str, *, is_good: bool
) -> None:
    authority = Authority(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.path))
    with Receiver(tls=authority.server(named)) as receiver:
        resolve_to(monkeypatch, LOOPBACK)
        url = receiver.url.replace(LOOPBACK, "hook.example")
        if is_good:
            assert send(url) == 204
            assert receiver.notices[0].headers["host"] == url.removeprefix("https://")
        else:
            with pytest.raises(CallbackError, match="its certificate is not valid"):
                send(url)
            assert receiver.notices == []


def test_the_next_address_of_a_host_is_tried_if_one_refuses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Receiver() as receiver:
        resolve_to(monkeypatch, "127.0.0.2", LOOPBACK)
        assert send(receiver.url.replace(LOOPBACK, "hook.example")) == 204
    assert len(receiver.notices) == 1


def test_the_workers_proxy_and_netrc_are_ignored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login user password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("http_proxy", f"http://{LOOPBACK}:9")
    with Receiver() as receiver:
        assert send(receiver.url) == 204
    assert "authorization" not in receiver.notices[0].headers


def test_a_host_with_one_private_address_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def resolve(_host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in ("8.8.8.8", "10.0.0.1")
        ]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(ForbiddenAddressError):
        post("http://mixed.example/", b"", {}, allow_private=False, limit_s=2)


def test_a_login_in_a_url_authenticates_and_is_not_in_the_host_header() -> None:
    with Receiver() as receiver:
        assert send(receiver.url.replace("://", "://user:secret@")) == 204
        headers = receiver.notices[0].headers
        assert headers["host"] == receiver.url.rpartition("/")[2]
    assert headers["authorization"].startswith("Basic ")


def test_a_redirect_is_not_followed() -> None:
    with Receiver() as other, Receiver(statuses=(307,), location=other.url) as receiver:
        assert send(receiver.url) == 307
    assert other.notices == []


@contextmanager
def listener(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that answers one connection with a custom function."""
    with socket.create_server((LOOPBACK, 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                answer(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"{LOOPBACK}:{server.getsockname()[1]}"
        thread.join()


def drip(connection: socket.socket) -> None:
    """Send a response header slowly and endlessly."""
    pause = threading.Event()
    with suppress(OSError):
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while not pause.wait(0.05):
            connection.sendall(b"X")


def test_a_slow_response_is_cut_off_at_the_time_limit() -> None:
    with listener(drip) as address:
        began = time.monotonic()
        with pytest.raises(CallbackError):
            send(f"http://{address}/", limit_s=1)
        assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "answer", [lambda one: one.close(), lambda one: one.sendall(b"what?\r\n\r\n")]
)
def test_an_invalid_response_is_an_error(answer: Callable[[socket.socket], None]) -> None:
    with listener(answer) as address, pytest.raises(CallbackError):
        send(f"http://{address}/")


def test_an_https_url_of_a_plain_http_server_is_an_error() -> None:
    with Receiver() as receiver, pytest.raises(CallbackError):
        send(receiver.url.replace("http:", "https:"))
    assert receiver.notices == []


def test_a_valid_certificate_is_accepted(orchestrator: Orchestrator, authority: Authority) -> None:
    with Receiver(tls=authority.server(LOOPBACK)) as receiver:
        assert receiver.url.startswith("https://")
        job_id = orchestrator.submit("told-in-secret", callback_url=f"{receiver.url}/hook")
        delivery = await_delivery(orchestrator, job_id, "delivered")
    (webhook,) = receiver.notices
    assert webhook.is_signed_with(WEBHOOK_SECRET)
    assert (delivery["attempts"], delivery["error"]) == (1, None)


@pytest.mark.parametrize("fault", ["of nobody known", "for another", "over"])
def test_an_invalid_certificate_is_refused_before_anything_is_sent(
    orchestrator: Orchestrator, authority: Authority, tmp_path: Path, fault: str
) -> None:
    tls = {
        "of nobody known": lambda: Authority(tmp_path).server(LOOPBACK),
        "for another": lambda: authority.server("192.0.2.1"),
        "over": lambda: authority.server(LOOPBACK, ends_in=-timedelta(days=1)),
    }[fault]()
    with Receiver(tls=tls) as receiver:
        job_id = orchestrator.submit(f"told-nobody-{fault}", callback_url=receiver.url)
        wait_until(
            lambda: any(one["attempts"] for one in deliveries(orchestrator, job_id)),
            timeout_s=20, what="an attempt",
        )  # fmt: skip
        (delivery,) = deliveries(orchestrator, job_id)
        orchestrator.delete(f"/jobs/{job_id}")
    assert delivery["error"].startswith("its certificate is not valid")
    assert delivery["status"] != "delivered"
    assert receiver.notices == []


def test_a_webhook_stays_pending_while_its_receiver_is_down(orchestrator: Orchestrator) -> None:
    orchestrator.services[Role.DOWNLOADER].control(down=Down.NO)
    job_id = orchestrator.submit("told-nobody", callback_url=f"http://{LOOPBACK}:9/")
    orchestrator.await_status(job_id, "completed")
    wait_until(
        lambda: deliveries(orchestrator, job_id)[0]["attempts"] >= 1,
        timeout_s=20,
        what="an attempt",
    )
    (delivery,) = deliveries(orchestrator, job_id)
    assert delivery["error"].startswith("it cannot be reached")
    assert delivery["response_status"] is None
