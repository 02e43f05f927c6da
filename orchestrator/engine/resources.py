"""What a process talks with, made once and shared by all its threads."""

import os
import secrets
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from orchestrator.engine.running_turns import RunningTurns
from orchestrator.engine.uploads import UploadStore
from orchestrator.errors import StoreUnavailableError
from orchestrator.http.stopping import StopSignal
from orchestrator.microservice import MicroserviceClient, ServiceSession
from orchestrator.settings import Settings
from orchestrator.store.breakers import BreakerStore
from orchestrator.store.connection import Connection, connect, connect_bounded
from orchestrator.store.leases import LeaseStore
from orchestrator.telemetry.metrics import Counts

__all__ = ["Connections", "Resources", "build_connections", "build_resources", "name_worker"]

_STORE_WAIT_S = 0.5  # how often a turn asks whether Redis is back

Result = TypeVar("Result")


@dataclass(frozen=True)
class Connections:
    """One pool of connections to Redis, one client for each service, one folder of uploads."""

    settings: Settings
    connection: Connection
    breakers: BreakerStore
    uploads: UploadStore
    clients: Mapping[str, MicroserviceClient]
    """A client for each service, by the service's name."""
    counts: Counts
    """What this process counts."""


@dataclass(frozen=True)
class Resources(Connections):
    """What a worker process needs beside them to give stages their turns."""

    leases: LeaseStore
    turns: RunningTurns
    stop: StopSignal
    """Ends the waiting of these clients, and with it the turns."""

    def patiently(self, call: Callable[[], Result]) -> Result:
        """Repeat an idempotent call to the store until Redis is back.

        Raises:
            StoreUnavailableError: Redis is away and the worker is to stop. Leases stay, and
                whoever reconciles sends their jobs on.
        """
        while True:
            try:
                return call()
            except StoreUnavailableError:
                if self.stop.wait(_STORE_WAIT_S):
                    raise


def build_connections(settings: Settings) -> Connections:
    """Make what use cases need; opens no connection yet."""
    return _connections(settings, connect_bounded(settings), StopSignal())


def build_resources(settings: Settings) -> Resources:
    """Make what turns need; opens no connection yet.

    Their pool is not bounded: a sign of life must not wait behind the turns.
    """
    stop = StopSignal()
    connection = connect(settings)
    return Resources(
        **vars(_connections(settings, connection, stop)),
        leases=LeaseStore(connection, settings),
        turns=RunningTurns(name_worker(), capacity=settings.worker_concurrency),
        stop=stop,
    )


def _connections(settings: Settings, connection: Connection, stop: StopSignal) -> Connections:
    counts, session = Counts(), ServiceSession(settings, stop)
    return Connections(
        settings=settings,
        counts=counts,
        connection=connection,
        breakers=BreakerStore(connection, settings),
        uploads=UploadStore(Path(settings.uploads_dir)),
        clients={
            name: MicroserviceClient(name, settings, stop, session, counts)
            for name in settings.services
        },
    )


def name_worker() -> str:
    """Return a name for this process that no other one has ever had."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
