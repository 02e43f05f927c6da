"""All Redis keys. The Lua commands derive the same names from ``PREFIX``.

==============================  ==========  =====================================================
key (after the prefix)          type        content, and lifetime
==============================  ==========  =====================================================
job:{id}                        hash        the job; `CACHE_TTL_HOURS` after its end
job:{id}:events                 stream      history, progress and references to segments; about
                                            the last 10,000 entries; until the job ends
job:{id}:segments               list        those segments, until there is a transcript; as long
                                            as the job
job:{id}:result                 hash        text, segments, word timings (apart, since most
                                            readers need none), language and, after the job's
                                            end, its events as one value; as long as the job
job:{id}:deliveries             hash        webhook deliveries; as long as the job
jobs                            sorted set  all jobs by time of creation
jobs:{status}                   sorted set  the same by status
jobs:owner:{owner}              sorted set  the jobs of one API key's name
jobs:owner:{owner}:{status}     sorted set  the same by status
jobs:tag:{digest}               sorted set  the jobs with one metadata entry
tags                            hash        the digests of a job's metadata, by job id; like owners
page:{digest}                   sorted set  jobs by metadata and status, for one list; 10 s
owners                          hash        a job's owner, by job id; until it leaves the indexes
active                          sorted set  jobs that have not ended
expiring                        sorted set  ended jobs by the time at which they expire
wakeups                         string      the number of the last wake-up call
waiting                         sorted set  jobs for which a message was sent, by its number
due                             sorted set  jobs that wait until a given time
queued:{stage}                  sorted set  jobs that wait for admission or a turn, by since when
ended                           hash        the number of ended jobs, by status
ended:{window}                  hash        the same for five minutes; 70 minutes
failures                        hash        the number of failed jobs, by code; at most 50 codes
failures:{hour}                 hash        the same for one hour; 25 hours
``figures:{scope}``             hash        metrics of the API, or of one host's workers; 7 days
                                            after the last change
inflight:{service}              set         jobs admitted to a service
line:{service}:{priority}       sorted set  clients in an admission queue, by turn
line:{service}:{priority}:{c}   sorted set  one client's jobs in the queue, by age
heartbeat:{worker}              string      a worker's heartbeat; 8 s
workers                         set         workers that have sent a heartbeat
leases:{worker}                 set         jobs that a worker has leased
work:{digest}                   hash        the remote job that does some work, the job that
                                            submits it, and the jobs that use it;
                                            `CACHE_TTL_HOURS` after the submission
work:{digest}:followers         set         jobs that wait for the submission; 1 hour
work:{digest}:users:{remote}    hash        jobs that still use a remote job that another one has
                                            given up; as long as the entry that named it
breaker:{service}               hash        consecutive failures; 10 times `BREAKER_OPEN_SECONDS`
breaker:{service}@{instance}    hash        the same for one of several instances
placed:{service}@{instance}     set         jobs assigned to one of several instances
reply:{digest}                  string      the reply of an idempotency key;
                                            `CACHE_TTL_HOURS`; until answered 60 s, renewed
limits:LIMITER/{names}/{rate}   string      requests of a caller, or failed logins of an IP
                                            address; as long as the limit's window; named by the
                                            library `limits`
batch:{id}                      hash        a batch; twice `CACHE_TTL_HOURS`
batches                         sorted set  batches that still have jobs to submit, by age
listings                        sorted set  batches whose playlist is being extracted, by the
                                            time of the next step
deliveries                      sorted set  pending deliveries, by the time of the next attempt
deletions                       sorted set  remote jobs to delete, by the time of the next attempt
reconciler                      string      the worker that reconciles; at most one round
schema                          string      the schema version; absent in data of release 1.0
==============================  ==========  =====================================================
"""

from typing import Final

PREFIX: Final = "orchestrator:"
SCHEMA_VERSION: Final = 2
"""The version of keys and messages. Raise it if an older release cannot read them."""
CHANGES: Final = f"{PREFIX}changes"
"""The channel on which the ids of changed jobs are published."""
JOBS: Final = f"{PREFIX}jobs"
OWNERS: Final = f"{PREFIX}owners"
ACTIVE: Final = f"{PREFIX}active"
EXPIRING: Final = f"{PREFIX}expiring"
WAITING: Final = f"{PREFIX}waiting"
DUE: Final = f"{PREFIX}due"
ENDED: Final = f"{PREFIX}ended"
FAILURES: Final = f"{PREFIX}failures"
WORKERS: Final = f"{PREFIX}workers"
DELETIONS: Final = f"{PREFIX}deletions"
BATCHES: Final = f"{PREFIX}batches"
LISTINGS: Final = f"{PREFIX}listings"
LIMITS: Final = f"{PREFIX}limits"
RECONCILER: Final = f"{PREFIX}reconciler"


def job(job_id: str) -> str:
    """Return the key of a job's hash."""
    return f"{PREFIX}job:{job_id}"


def result(job_id: str) -> str:
    """Return the key of a job's text and segments, and of its history once it has ended."""
    return f"{PREFIX}job:{job_id}:result"


def events(job_id: str) -> str:
    """Return the key of a job's events until it ends."""
    return f"{PREFIX}job:{job_id}:events"


def segments(job_id: str) -> str:
    """Return the key of the segments that a job's events refer to."""
    return f"{PREFIX}job:{job_id}:segments"


def deliveries(job_id: str) -> str:
    """Return the key of a job's webhook deliveries."""
    return f"{PREFIX}job:{job_id}:deliveries"


def jobs_in(status: str) -> str:
    """Return the key of the index of jobs with one status."""
    return f"{JOBS}:{status}"


def batch(batch_id: str) -> str:
    """Return the key of a batch."""
    return f"{PREFIX}batch:{batch_id}"


def reply(key: str) -> str:
    """Return the key of an idempotency key's reply."""
    return f"{PREFIX}reply:{key}"


def jobs_tagged(digest: str) -> str:
    """Return the key of the index of jobs with one metadata entry."""
    return f"{JOBS}:tag:{digest}"


def page(name: str) -> str:
    """Return the key of an index that is computed for one list."""
    return f"{PREFIX}page:{name}"


def jobs_index(*, status: str | None = None, owner: str | None = None) -> str:
    """Return the key of the index of jobs, all or with one status, owner or both."""
    index = JOBS if owner is None else f"{JOBS}:owner:{owner}"
    return f"{index}:{status}" if status else index


def inflight(service: str) -> str:
    """Return the key of the jobs admitted to a service."""
    return f"{PREFIX}inflight:{service}"


def heartbeat(worker: str) -> str:
    """Return the key of a worker's heartbeat."""
    return f"{PREFIX}heartbeat:{worker}"


def leases(worker: str) -> str:
    """Return the key of the jobs that a worker has leased."""
    return f"{PREFIX}leases:{worker}"


def statistics(scope: str) -> str:
    """Return the key of the metrics of the API, or of one host's workers."""
    return f"{PREFIX}figures:{scope}"


def breaker(service: str) -> str:
    """Return the key of a service's breaker."""
    return f"{PREFIX}breaker:{service}"
