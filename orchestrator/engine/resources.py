"""The stores and clients of a process, built once and shared by all its threads."""

import os
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from orchestrator.engine.patient_leases import PatientLeases
from orchestrator.engine.running_turns import RunningTurns
from orchestrator.engine.uploads import UploadStore
from orchestrator.http.stopping import StopSignal
from orchestrator.microservice import MicroserviceClient, ServiceSession
from orchestrator.settings import Settings
from orchestrator.store.breakers import BreakerStore
from orchestrator.store.connection import Connection, connect, connect_bounded
from orchestrator.store.leases import LeaseStore
from orchestrator.telemetry.metrics import Counts

__all__ = ["Connections", "Resources", "build_connections", "build_resources", "name_worker"]


@dataclass(frozen=True)
class Connections:
    """A Redis connection pool, a client per service, and the uploads, for use cases."""

    settings: Settings
    connection: Connection
    breakers: BreakerStore
    uploads: UploadStore
    clients: Mapping[str, MicroserviceClient]
    """By the service's name."""
    counts: Counts
    """The counters of this process."""


@dataclass(frozen=True)
class Resources(Connections):
    """The dependencies of a worker process that runs turns."""

    leases: PatientLeases
    turns: RunningTurns
    stop: StopSignal
    """Ends the waits of the clients and the leases, and with them the turns."""


def build_connections(settings: Settings) -> Connections:
    """Build what use cases need; opens no connection yet."""
    return _connections(settings, connect_bounded(settings), StopSignal())


def build_resources(settings: Settings) -> Resources:
    """Build what turns need; opens no connection yet.

    The Redis connection pool is unbounded, so that a heartbeat never waits behind the turns.
    """
    stop = StopSignal()
    connection = connect(settings)
    return Resources(
        **vars(_connections(settings, connection, stop)),
        leases=PatientLeases(LeaseStore(connection, settings), stop),
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
    """Return a name for this process that is unique across hosts and restarts."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
