"""The resources for a number of jobs a day, from measured costs. Pure."""

from dataclasses import dataclass

__all__ = ["Costs", "Needs", "Workload", "needs_of"]

_DAY_S = 86_400.0
_MEBI = 1024 * 1024


@dataclass(frozen=True)
class Costs:
    """The measured cost of one job, on one core of the named machine."""

    worker_ms_per_job: float
    """CPU of the workers for three stages with few bytes and no progress."""
    api_ms_per_job: float
    """CPU of the API for a submission and a read."""
    redis_ms_per_job: float
    worker_ms_per_poll: float
    """CPU of the workers for an additional poll, including its writes."""
    redis_ms_per_poll: float
    worker_ms_per_mib: float
    """CPU of the workers per MiB of audio."""
    worker_bytes: float
    """Memory of a worker process without turns, and of beat."""
    turn_bytes: float
    """Memory of an additional turn."""
    finished_bytes: float
    """Size of a finished job in Redis, without its text."""


@dataclass(frozen=True)
class Workload:
    """The load of the system."""

    jobs_per_day: float
    peak: float = 3.0
    """Load of the busiest hour as a multiple of the mean."""
    work_s: float = 180.0
    """Seconds of work in the services per job: ten minutes of speech."""
    audio_mib: float = 12.0
    """Audio through a worker per job: 10 MiB downloaded, 2 MiB normalized."""
    text_bytes: float = 30_000.0
    """Size of a job's text and segments."""
    polls_per_minute: float = 3.0
    """Polls of a job that waits at a service."""
    progress_polls: float = 60.0
    """Polls of a job: one per five points of each stage."""
    kept_hours: float = 24.0
    """Retention of a finished job, `CACHE_TTL_HOURS`."""


@dataclass(frozen=True)
class Needs:
    """The resources of a workload in its busiest hour."""

    jobs_per_s: float
    in_flight: float
    polls_per_s: float
    worker_cores: float
    api_cores: float
    redis_cores: float
    """Cores of Redis; one server uses at most one, since it runs commands in one thread."""
    worker_gib: float
    redis_gib: float
    network_mib_per_s: float
    """Into and out of the workers."""

    def worker_processes(self, *, turns: int, most_load: float) -> float:
        """Return the number of worker processes; each has one interpreter lock.

        Args:
            turns: Concurrent turns of one process.
            most_load: Maximum load of one core by a process.
        """
        return max(self.worker_cores / most_load, self.in_flight / turns)


def needs_of(workload: Workload, costs: Costs, *, turns: int = 1000) -> Needs:
    """Return the resources of a workload in its busiest hour.

    Args:
        workload: The load.
        costs: The measured costs.
        turns: Concurrent turns of one worker process, which share its memory.
    """
    rate = workload.jobs_per_day * workload.peak / _DAY_S
    # Little's law: jobs in the system = arrivals per second times duration.
    in_flight = rate * workload.work_s
    polls = rate * workload.progress_polls + in_flight * workload.polls_per_minute / 60
    worker_ms = (
        rate * (costs.worker_ms_per_job + workload.audio_mib * costs.worker_ms_per_mib)
        + polls * costs.worker_ms_per_poll
    )
    redis_ms = rate * costs.redis_ms_per_job + polls * costs.redis_ms_per_poll
    kept = workload.jobs_per_day * workload.kept_hours / 24
    per_turn_bytes = costs.turn_bytes + costs.worker_bytes / turns
    return Needs(
        jobs_per_s=rate,
        in_flight=in_flight,
        polls_per_s=polls,
        worker_cores=worker_ms / 1000,
        api_cores=rate * costs.api_ms_per_job / 1000,
        redis_cores=redis_ms / 1000,
        worker_gib=(costs.worker_bytes + in_flight * per_turn_bytes) / 1024 / _MEBI,
        redis_gib=kept * (costs.finished_bytes + workload.text_bytes) / 1024 / _MEBI,
        network_mib_per_s=2 * rate * workload.audio_mib,
    )
