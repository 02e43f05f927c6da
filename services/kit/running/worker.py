"""Build a service's Celery worker: one task, one queue and a maintenance thread."""

import logging
import os
from functools import cached_property, partial
from socket import gethostname
from typing import Any

from celery import Celery, Task
from celery.bootsteps import StartStopStep
from celery.exceptions import Ignore
from celery.signals import setup_logging, worker_process_init, worker_process_shutdown
from redis.exceptions import RedisError

from foundation import tracing
from services.kit.files.artifacts import ArtifactStore
from services.kit.files.sweep import sweep
from services.kit.jobs.heartbeat import Heartbeat
from services.kit.jobs.keys import Keys
from services.kit.jobs.leases import Leases
from services.kit.jobs.queue import JobQueue, configure
from services.kit.jobs.redis_client import connect
from services.kit.jobs.store import JobStore
from services.kit.running.maintenance import MaintenanceThread
from services.kit.running.process_group import kill_group, lead_group
from services.kit.running.recovery import Recovery
from services.kit.running.runner import JobRunner, NothingToDoError
from services.kit.service import TASK, Service
from services.kit.settings import ServiceSettings
from services.kit.telemetry.log import log_errors_of_threads, set_up_logging
from services.kit.work import JobCancelledError, Work, WorkError

_log = logging.getLogger(__name__)


class WorkerParts:
    """The objects of one worker process, created on first use: after the pool has forked."""

    def __init__(self, service: Service, settings: ServiceSettings, work: Work) -> None:
        self._service = service
        self._settings = settings
        self._work = work

    @cached_property
    def runner(self) -> JobRunner:
        """Return the runner of this process's jobs."""
        return JobRunner(
            work=self._work,
            store=self._open_store(),
            leases=self._open_leases(),
            artifacts=self._open_artifacts(),
            worker=name_worker(os.getppid()),
            kill_process=kill_group,
        )

    def make_maintenance(self) -> MaintenanceThread:
        """Return the maintenance thread of a starting worker."""
        store, artifacts = self._open_store(), self._open_artifacts()
        heartbeat = Heartbeat(
            connect(self._settings.redis_url, with_retries=False), Keys(self._service.name)
        )
        sweep_all = partial(sweep, store, artifacts, max_bytes=self._settings.max_cache_bytes)
        return MaintenanceThread(
            heartbeat, self.make_recovery(), sweep_all, self._settings.alive_file
        )

    def make_recovery(self) -> Recovery:
        """Return the recovery of lost jobs and messages."""
        queue = JobQueue(self._service, self._settings)
        return Recovery(self._open_store(), self._open_leases(), queue)

    def _open_leases(self) -> Leases:
        return Leases(connect(self._settings.redis_url), Keys(self._service.name))

    def _open_store(self) -> JobStore:
        return JobStore(
            connect(self._settings.redis_url),
            Keys(self._service.name),
            id_prefix=self._service.id_prefix,
            retention_s=self._settings.cache_ttl_s,
        )

    def _open_artifacts(self) -> ArtifactStore:
        artifacts = ArtifactStore(self._settings.artifacts_dir, self._settings.artifacts_url)
        artifacts.prepare()
        return artifacts


def name_worker(pid: int) -> str:
    """Return the name of the worker on this machine whose main process has this id."""
    return f"{gethostname()}:{pid}"


def create_worker(service: Service, work: Work) -> Celery:
    """Build the Celery application of a service from the environment.

    Args:
        service: The service's description.
        work: The function that processes a job.
    """
    settings = service.settings()
    parts = WorkerParts(service, settings, work)
    app = Celery(service.name, set_as_current=False)
    app.conf.update(
        configure(service, settings),
        result_backend=settings.redis_url,
        result_expires=settings.cache_ttl_s,
        task_track_started=True,
    )
    # A listener replaces Celery's own logging, whose --loglevel would override LOG_LEVEL.
    setup_logging.connect(
        lambda **_: set_up_logging(settings.log_level, settings.log_format), weak=False
    )
    setup_logging.connect(lambda **_: log_errors_of_threads(), weak=False)
    worker_process_init.connect(_lead_group, weak=False)
    traces = settings.otel_exporter_otlp_endpoint
    worker_process_init.connect(
        lambda **_: tracing.configure(traces, f"{service.title}-worker"), weak=False
    )
    worker_process_shutdown.connect(lambda **_: tracing.flush(), weak=False)
    app.steps["worker"].add(_make_maintenance_step(parts))
    _register_task(app, parts)
    return app


def _lead_group(**_: Any) -> None:
    lead_group()


def _register_task(app: Celery, parts: WorkerParts) -> None:
    # A failed job is a regular result, so it is logged without a traceback.
    @app.task(name=TASK, bind=True, throws=(WorkError,))
    def run_job(task: "Task[..., dict[str, str]]", job_id: str) -> dict[str, str]:
        try:
            parts.runner.run(job_id)
        except JobCancelledError:
            task.update_state(state="REVOKED")
            raise Ignore from None
        except NothingToDoError:
            raise Ignore from None
        return {"job_id": job_id, "status": "completed"}


def _make_maintenance_step(parts: WorkerParts) -> type[StartStopStep]:
    class MaintenanceStep(StartStopStep):
        """Runs maintenance from the start of the pool until the worker stops."""

        requires = ("celery.worker.components:Pool",)

        def start(self, _worker: Any) -> None:
            self.maintenance = parts.make_maintenance()
            self.maintenance.start()

        def stop(self, _worker: Any) -> None:
            # The worker takes no more messages; the pool would wait for the running jobs.
            self.maintenance.stop()
            try:
                parts.make_recovery().hand_back(name_worker(os.getpid()))
            except RedisError as error:
                _log.warning(
                    "Could not hand back running jobs; their leases will expire: %s", error
                )

    return MaintenanceStep
