"""How much of everything a number of jobs a day needs. Pure; the costs are measured elsewhere."""

from dataclasses import dataclass

__all__ = ["Costs", "Needs", "Workload", "needs_of"]

_DAY_S = 86_400.0
_MEBI = 1024 * 1024


@dataclass(frozen=True)
class Costs:
    """What was measured of one job, on one core of the machine that is named with the figures."""

    worker_ms_per_job: float
    """CPU of the workers for three stages with next to no bytes and no progress."""
    api_ms_per_job: float
    """CPU of the API for a submission and a reading."""
    redis_ms_per_job: float
    worker_ms_per_poll: float
    """CPU of the workers for one more poll, what it notes included."""
    redis_ms_per_poll: float
    worker_ms_per_mib: float
    """CPU of the workers for each MiB of audio that passes through them."""
    worker_bytes: float
    """Memory of a worker process without turns, and of its share of beat."""
    turn_bytes: float
    """Memory of one turn more."""
    finished_bytes: float
    """What Redis keeps of a finished job, beside its text."""


@dataclass(frozen=True)
class Workload:
    """What is asked of the system."""

    jobs_per_day: float
    peak: float = 3.0
    """The busiest hour over the mean one."""
    work_s: float = 180.0
    """What the services take for a job, in seconds: ten minutes of speech."""
    audio_mib: float = 12.0
    """What passes through a worker for a job: 10 MiB downloaded, 2 MiB normalized."""
    text_bytes: float = 30_000.0
    """The text and the segments of a job."""
    polls_per_minute: float = 3.0
    """Of a job that waits at a service."""
    progress_polls: float = 60.0
    """Of a job: one for each five points of each stage."""
    kept_hours: float = 24.0
    """How long a finished job is kept, `CACHE_TTL_HOURS`."""


@dataclass(frozen=True)
class Needs:
    """What a workload takes in its busiest hour."""

    jobs_per_s: float
    in_flight: float
    polls_per_s: float
    worker_cores: float
    api_cores: float
    redis_cores: float
    """Of one core: a Redis server runs its commands in one thread."""
    worker_gib: float
    redis_gib: float
    network_mib_per_s: float
    """In and out of the workers together."""

    def worker_processes(self, *, turns: int, most_load: float) -> float:
        """Return how many worker processes that fills; each has one interpreter's lock.

        Args:
            turns: Turns that one process drives at once.
            most_load: Share of one core that a process may use.
        """
        return max(self.worker_cores / most_load, self.in_flight / turns)


def needs_of(workload: Workload, costs: Costs, *, turns: int = 1000) -> Needs:
    """Return what a workload takes in its busiest hour.

    Args:
        workload: What is asked.
        costs: What was measured.
        turns: Turns of one worker process, over which its own memory is spread.
    """
    rate = workload.jobs_per_day * workload.peak / _DAY_S
    # Little's law: what is inside is what comes in a second times how long it stays.
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
