"""Docker Compose in a separate project, with its images, networks, secrets and volumes."""

import os
import secrets
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

from orchestrator.domain.access import Scope, make_key
from tests.support.api import TERMINAL
from tests.support.project import ROOT
from tools.ports import LOOPBACK, free_port
from tools.waiting import wait_until

__all__ = ["SERVICES", "Composition"]

SERVICES = {
    "download": "video-downloader",
    "normalization": "audio-normalization",
    "transcription": "audio-transcriber",
}
"""The service of each stage."""

_FILES = ("docker-compose.yml", "deploy/compose/secrets.yml", "tests/system/compose.yml")
_PROJECT = "ytcaption-test"
_REDIS = "ytcaption-redis"
_PUBLISHED = {
    "orchestrator": "ORCHESTRATOR_PORT",
    "video-downloader": "VIDEO_DOWNLOADER_PORT",
    "audio-normalization": "AUDIO_NORMALIZATION_PORT",
    "audio-transcriber": "AUDIO_TRANSCRIBER_PORT",
    "flower": "FLOWER_PORT",
}
_COMMAND_TIMEOUT_S = 1800
_CALL_TIMEOUT_S = 10.0
_HEALTHY_WITHIN_S = 180.0


class Composition:
    """``docker compose`` with the project's files, and a client of its API.

    Args:
        directory: Where secrets, the orchestrator's ``.env`` and the log go.
        scale: How many containers of a service there are, where not one.
    """

    def __init__(self, directory: Path, *, scale: dict[str, int]) -> None:
        self._directory = directory
        self._scale = [f"--scale={service}={count}" for service, count in scale.items()]
        self._ports = {service: free_port() for service in _PUBLISHED}
        self.secrets: dict[str, str] = {}
        """The secrets in files: ``api``, ``redis`` and ``service``."""
        self._session = requests.Session()

    def __enter__(self) -> Self:
        self._write_secrets()
        self.configure(ALLOWED_SOURCES="clips.test")
        self.compose("build")
        try:
            self.up()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def up(self) -> None:
        """Start missing containers, and wait until all are healthy."""
        self.compose("up", "--detach", "--wait", *self._scale)

    def stop(self) -> None:
        """Remove the containers, networks and volumes, but keep the log."""
        (self._directory / "log").write_text(self.compose("logs", "--no-color"))
        self.compose("down", "--volumes", "--remove-orphans", "--timeout", "5")
        self._session.close()

    def configure(self, **variables: str) -> None:
        """Write ``orchestrator/.env``."""
        folder = self._directory / "orchestrator"
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)
        lines = [f"{name}={value}\n" for name, value in variables.items()]
        (folder / ".env").write_text("".join(lines))

    def compose(self, *arguments: str) -> str:
        """Run ``docker compose`` with the files of the test; return its output."""
        files = [f"--file={name}" for name in _FILES]
        return self.docker("compose", f"--project-name={_PROJECT}", *files, *arguments)

    def docker(self, *arguments: str) -> str:
        """Run ``docker``; return its output."""
        environment = {
            **os.environ,
            **{variable: str(self._ports[name]) for name, variable in _PUBLISHED.items()},
            "COMPOSE_PARALLEL_LIMIT": "1",
            "ORCHESTRATOR_CONFIG": str(self._directory / "orchestrator"),
            "SECRETS": str(self._directory / "secrets"),
            "TAG": "test",
            "TRANSCRIBER_EXTRAS": "transcriber whisper-base",
        }
        done = subprocess.run(
            ["docker", *arguments],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=_COMMAND_TIMEOUT_S,
            check=False,
        )
        assert done.returncode == 0, f"docker {arguments}:\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def containers(self, *services: str) -> list[str]:
        """Return the ids of the running containers of some services, or of all."""
        return self.compose("ps", "--quiet", *services).split()

    def restart(self, service: str) -> None:
        """Restart the containers of a service, and wait until they are healthy."""
        self.compose("restart", service)
        self.await_health(service)

    def await_health(self, *services: str) -> None:
        """Wait until the containers of services are healthy."""
        form = "--format={{.State.Health.Status}}"

        def are_healthy() -> bool:
            states = self.docker("inspect", form, *self.containers(*services)).split()
            return set(states) == {"healthy"}

        wait_until(are_healthy, timeout_s=_HEALTHY_WITHIN_S, what=f"{services} to be healthy")

    def cut_redis_off(self) -> None:
        """Disconnect Redis from the network."""
        self.docker("network", "disconnect", f"{_PROJECT}_inner", _REDIS)

    def join_redis(self) -> None:
        """Reconnect Redis to the network."""
        self.docker("network", "connect", "--alias", "redis", f"{_PROJECT}_inner", _REDIS)

    def redis(self, *command: str) -> list[str]:
        """Run a Redis command with redis-cli."""
        login = f"REDISCLI_AUTH={self.secrets['redis']}"
        return self.docker("exec", "--env", login, _REDIS, "redis-cli", *command).split()

    def call(
        self,
        method: str,
        path: str,
        service: str = "orchestrator",
        key: str | None = None,
        **how: Any,
    ) -> requests.Response:
        """Call the API of the orchestrator, or of a service, through its published port."""
        key = key or self.secrets["api" if service == "orchestrator" else "service"]
        return self._session.request(
            method,
            f"http://{LOOPBACK}:{self._ports[service]}{path}",
            headers={"Authorization": f"Bearer {key}"},
            timeout=_CALL_TIMEOUT_S,
            **how,
        )

    def submit(self, clip: str) -> str:
        """Submit a job for a clip and return its id."""
        body = {"youtube_url": f"http://clips.test:8080/{clip}", "language": "en"}
        answer = self.call("POST", "/pipeline", json=body)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["job_id"])

    def get_job(self, job_id: str) -> dict[str, Any]:
        """Return a job from the API."""
        answer = self.call("GET", f"/jobs/{job_id}")
        assert answer.ok, answer.text
        job: dict[str, Any] = answer.json()
        return job

    def await_end(self, job_id: str, *, timeout_s: float = 900.0) -> dict[str, Any]:
        """Wait until a job has ended, and return it."""
        seen: list[dict[str, Any]] = []

        def has_ended() -> bool:
            seen[:] = [self.get_job(job_id)]
            return seen[0]["status"] in TERMINAL

        wait_until(has_ended, timeout_s=timeout_s, what=f"the end of {job_id}")
        return seen[0]

    def _write_secrets(self) -> None:
        key, known = make_key("test", list(Scope))
        redis, service = secrets.token_hex(), secrets.token_hex()
        self.secrets = {"api": key, "redis": redis, "service": service}
        files = {
            "api_keys": f"{known.name}:{'+'.join(sorted(known.scopes))}:{known.digest}",
            "redis_acl": f"user default on >{redis} ~* &* +@all",
            "redis_url": f"redis://:{redis}@redis:6379/0",
            "service_token": service,
        }
        folder = self._directory / "secrets"
        folder.mkdir()
        for name, content in files.items():
            (folder / name).write_text(f"{content}\n")
