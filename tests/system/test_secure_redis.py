"""Redis with TLS, a user and a password, for jobs and Celery's messages."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from orchestrator.errors import StoreUnavailableError
from orchestrator.settings import load_settings
from orchestrator.store.connection import connect
from tests.support.certificates import Authority
from tests.support.fake_service import expected_text
from tests.support.orchestrator import Orchestrator
from tests.support.redis_server import RedisServer
from tools.ports import LOOPBACK, free_port

_PASSWORD = "awkward/and@long"
_QUOTED = "awkward%2Fand%40long"
_RULES = "~orchestrator:* &* +@all -@dangerous +info"


class SecureRedis(RedisServer):
    """A server that requires a password and TLS for everything except PING."""

    def __init__(self, directory: Path) -> None:
        self.authority = Authority(directory)
        self.tls_port = free_port()
        file = str(self.authority.server_file(LOOPBACK))
        users = directory / "users.acl"
        users.write_text(
            f"user default on nopass -@all +ping\nuser orchestrator on >{_PASSWORD} {_RULES}\n"
        )
        super().__init__(
            arguments=[
                *("--tls-port", str(self.tls_port), "--tls-auth-clients", "no"),
                *("--tls-cert-file", file, "--tls-key-file", file),
                *("--tls-ca-cert-file", str(self.authority.path), "--aclfile", str(users)),
            ]
        )

    @property
    def url(self) -> str:
        """The URL of database 0, with credentials."""
        return self.address(trusts=self.authority.path)

    def address(self, *, password: str = _QUOTED, trusts: Path) -> str:
        """Return the URL for a client with a password and a trusted authority."""
        place = f"orchestrator:{password}@{LOOPBACK}:{self.tls_port}"
        return f"rediss://{place}/0?ssl_cert_reqs=required&ssl_ca_certs={trusts}"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureRedis]:
    """A server with a certificate of a private authority."""
    with SecureRedis(tmp_path_factory.mktemp("secure")) as running:
        yield running


def test_jobs_are_done_over_tls_as_a_user_with_a_password(
    server: SecureRedis, tmp_path: Path
) -> None:
    with Orchestrator(tmp_path, server) as orchestrator:
        orchestrator.start_beat()
        jobs = {orchestrator.submit(f"secure-{one}"): f"secure-{one}" for one in range(5)}
        for job_id, name in jobs.items():
            job = orchestrator.await_status(job_id, "completed", "failed")
            assert job["transcription_text"] == expected_text(orchestrator.video(name))
        assert orchestrator.get("/health")["status"] == "healthy"
        assert orchestrator.get("/admin/stats")["redis"]["completed_jobs"] == 5
        logs = "".join(one.log_text() for one in [*orchestrator.workers] if one)
        assert "NOPERM" not in logs
        assert _QUOTED not in logs
        assert _PASSWORD not in logs


@pytest.mark.parametrize("wrong", ["password", "authority"])
def test_who_has_the_wrong_password_or_trusts_another_authority_stays_out(
    server: SecureRedis, tmp_path: Path, wrong: str
) -> None:
    url = (
        server.address(password="wrong", trusts=server.authority.path)
        if wrong == "password"
        else server.address(trusts=Authority(tmp_path).path)
    )
    settings = load_settings(env_files=(), redis_url=url)
    connection = connect(settings)
    with pytest.raises(StoreUnavailableError), connection.commands() as client:
        client.get("orchestrator:x")


def test_without_tls_nothing_is_given_away(server: SecureRedis) -> None:
    with (
        redis.Redis(port=server.port) as client,
        pytest.raises(redis.exceptions.NoPermissionError),
    ):
        client.get("orchestrator:x")
