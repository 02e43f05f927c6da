"""The processes of a system on one machine, and their environments. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tools.ports import LOOPBACK

DEFAULT_API_PORT = 8000
DEFAULT_REDIS_PORT = 6379
DEFAULT_FLOWER_PORT = 5555
_LOCAL_HOSTS = {"localhost", LOOPBACK, "::1"}

# For the orchestrator only: in a service, hundreds of threads would load hundreds of models.
_NOT_FOR_SERVICES = {"WORKERS", "WORKER_CONCURRENCY"}


@dataclass(frozen=True)
class Service:
    """One of the three microservices."""

    name: str
    """Its web process in the Procfile; its worker has the suffix ``-worker``."""
    variable: str
    """The environment variable with its URL."""
    default_port: int


SERVICES = (
    Service("downloader", "VIDEO_DOWNLOADER_URL", 8001),
    Service("normalizer", "AUDIO_NORMALIZATION_URL", 8002),
    Service("transcriber", "AUDIO_TRANSCRIBER_URL", 8003),
)


@dataclass(frozen=True)
class Stack:
    """The processes of one machine, according to the environment.

    A service whose URL is on another machine is not started here, nor is Redis if ``REDIS_URL``
    is set.

    Args:
        environment: The environment of every process.
        has_own_redis: Whether a Redis server is part of the stack.
    """

    environment: Mapping[str, str]
    has_own_redis: bool

    @property
    def has_flower(self) -> bool:
        """Whether Flower runs: only if it has a password."""
        return "FLOWER_BASIC_AUTH" in self.environment

    @property
    def api_address(self) -> str:
        """The URL of the API."""
        return f"http://{LOOPBACK}:{self.environment['PORT']}"

    @property
    def data_directory(self) -> Path:
        """The folder with the data of all processes."""
        return Path(self.environment["DATA_DIR"])

    def service_address(self, service: Service) -> str:
        """Return the URL of a service."""
        return self.environment[service.variable].rstrip("/")

    def local_services(self) -> list[Service]:
        """Return the services that run on this machine."""
        return [
            service
            for service in SERVICES
            if urlsplit(self.service_address(service)).hostname in _LOCAL_HOSTS
        ]

    def service_port(self, service: Service) -> int:
        """Return the port in a service's URL."""
        return urlsplit(self.service_address(service)).port or 80

    def ports(self) -> dict[str, int]:
        """Map the name of each web process to its port."""
        local = {service.name: self.service_port(service) for service in self.local_services()}
        flower = {"flower": int(self.environment["FLOWER_PORT"])} if self.has_flower else {}
        return {"api": int(self.environment["PORT"])} | local | flower

    def health_addresses(self) -> dict[str, str]:
        """Map the name of each web process to the URL of its readiness probe."""
        services = {service.name: self.service_address(service) for service in SERVICES}
        ready = {name: f"{address}/health/ready" for name, address in services.items()}
        flower = f"http://{LOOPBACK}:{self.environment['FLOWER_PORT']}/healthcheck"
        found = {"api": f"{self.api_address}/health"} | ready
        return found | ({"flower": flower} if self.has_flower else {})

    def process_environment(self, process_name: str) -> dict[str, str]:
        """Return the environment of one process of the Procfile."""
        for service in self.local_services():
            if process_name.removesuffix("-worker") == service.name:
                return self._service_environment(service)
        if process_name == "flower":
            return {**self.environment, "HOST": LOOPBACK}
        return dict(self.environment)

    def _service_environment(self, service: Service) -> dict[str, str]:
        shared = {k: v for k, v in self.environment.items() if k not in _NOT_FOR_SERVICES}
        return shared | {
            # Only the API is meant for other machines.
            "HOST": LOOPBACK,
            "PORT": str(self.service_port(service)),
            "ARTIFACTS_DIR": str(self.data_directory / "artifacts" / service.name),
        }

    def processes(self, procfile: Mapping[str, str]) -> dict[str, str]:
        """Return the entries of the Procfile that run on this machine."""
        absent = {service.name for service in SERVICES} - {s.name for s in self.local_services()}
        if not self.has_own_redis:
            absent.add("redis")
        if not self.has_flower:
            absent.add("flower")
        return {
            name: command
            for name, command in procfile.items()
            if name.removesuffix("-worker") not in absent
        }


def plan_stack(environment: Mapping[str, str], *, redis_port: int) -> Stack:
    """Choose the processes, and add defaults to the environment.

    Args:
        environment: The user's variables; they override every default here.
        redis_port: Redis's port if it is started here and ``REDIS_PORT`` is not set.
    """
    given = {name: value for name, value in environment.items() if value}
    port = given.get("REDIS_PORT", str(redis_port))
    defaults = {
        # On one machine, no other machine needs to reach the processes.
        "HOST": LOOPBACK,
        "PORT": str(DEFAULT_API_PORT),
        "DATA_DIR": "var",
        "UPLOADS_DIR": f"{given.get('DATA_DIR', 'var')}/uploads",
        "FLOWER_PORT": str(DEFAULT_FLOWER_PORT),
        "REDIS_PORT": port,
        "REDIS_URL": f"redis://{LOOPBACK}:{port}/0",
        # Unbuffered, so that lines reach the log immediately.
        "PYTHONUNBUFFERED": "1",
    }
    if "FLOWER_BASIC_AUTH" in given:
        flower_port = given.get("FLOWER_PORT", DEFAULT_FLOWER_PORT)
        defaults |= {"TASK_EVENTS": "true", "FLOWER_URL": f"http://{LOOPBACK}:{flower_port}"}
    for service in SERVICES:
        defaults[service.variable] = f"http://{LOOPBACK}:{service.default_port}"
    proxies = loopback_without_proxy(given)
    return Stack({**defaults, **given, **proxies}, has_own_redis="REDIS_URL" not in given)


def loopback_without_proxy(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that exclude this machine from its HTTP proxy.

    Programs read either name; requests reads both.
    """
    given = [environment.get(name, "") for name in ("NO_PROXY", "no_proxy")]
    hosts = [host.strip() for host in ",".join([*given, LOOPBACK, "localhost"]).split(",")]
    direct = ",".join(dict.fromkeys(filter(None, hosts)))
    return {"NO_PROXY": direct, "no_proxy": direct}
