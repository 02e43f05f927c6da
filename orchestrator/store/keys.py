"""Every key, in one place. The scripts derive the same names from ``PREFIX``.

==============================  ==========  =====================================================
key (after the prefix)          type        what, and how long
==============================  ==========  =====================================================
job:{id}                        hash        the job; `CACHE_TTL_HOURS` after its end
job:{id}:events                 stream      its history, progress and which segments there are,
                                            which is what followers are told; about the last
                                            10,000 entries; until its end
job:{id}:segments               list        what those say, until there is a transcript; as long
                                            as the job
job:{id}:result                 hash        text, segments, their words apart, since most who read
                                            a job want none, language, and from its end on what is
                                            left of its events as one value; as long
job:{id}:deliveries             hash        notices to the client's own address; as long
jobs                            sorted set  every job by the time of its creation
jobs:{status}                   sorted set  the same by status
jobs:owner:{owner}              sorted set  the jobs of one API key's name
jobs:owner:{owner}:{status}     sorted set  the same by status
jobs:tag:{digest}               sorted set  jobs with one note of their client's
tags                            hash        a job's notes' digests, by its id; as the next one
page:{digest}                   sorted set  jobs by note and status, while they are listed; 10 s
owners                          hash        whose a job is, by its id; until it leaves the indexes
active                          sorted set  jobs that have not ended
expiring                        sorted set  ended jobs by the instant at which they go
wakeups                         string      the last number given to a wake-up call
waiting                         sorted set  jobs for which a message was sent, by its number
due                             sorted set  jobs that wait for an instant, by that instant
queued:{stage}                  sorted set  jobs in line or waiting for a turn, by since when
ended                           hash        how many jobs have ended, by status
ended:{window}                  hash        the same of five minutes; 70 minutes
failures                        hash        how many have failed, by code; at most 50 codes
failures:{hour}                 hash        the same of one hour; 25 hours
figures:{place}                 hash        what the API, or one machine's workers, have counted;
                                            7 days after the last count
inflight:{service}              set         jobs that a service has been given
line:{service}:{priority}       sorted set  clients with jobs in line, by whose turn it is
line:{service}:{priority}:{c}   sorted set  one client's jobs in line, by age
heartbeat:{worker}              string      a worker's heartbeat; 8 s
workers                         set         workers that have given one
leases:{worker}                 set         jobs whose lease a worker holds
work:{digest}                   hash        the remote job that does a piece of work, whose it is
                                            and the jobs that use it; `CACHE_TTL_HOURS` after
                                            the submission
work:{digest}:followers         set         jobs that wait for its submission; 1 hour
work:{digest}:users:{remote}    hash        jobs that still use a remote job which another one has
                                            given up; as long as the entry that led to it
breaker:{service}               hash        failures in a row; 10 times `BREAKER_OPEN_SECONDS`
breaker:{service}@{instance}    hash        the same of one of several instances
placed:{service}@{instance}     set         jobs that one of several instances has been given
reply:{digest}                  string      the answer that an idempotency key stands for;
                                            `CACHE_TTL_HOURS`; in flight 60 s, renewed
limits:LIMITER/{names}/{rate}   string      requests of a caller, or wrong keys of an address; as
                                            long as the limit's window; the library `limits` names
                                            them
batch:{id}                      hash        a batch; twice `CACHE_TTL_HOURS`
batches                         sorted set  batches with jobs still to submit, by their age
listings                        sorted set  batches whose playlist is to be listed, by the next try
deliveries                      sorted set  notices that have not arrived, by the next try
deletions                       sorted set  remote jobs to delete, by the instant of the next try
reconciler                      string      who reconciles now; one round at the longest
schema                          string      the version of all this; without it that of release 1.0
==============================  ==========  =====================================================
"""

from typing import Final

PREFIX: Final = "orchestrator:"
SCHEMA_VERSION: Final = 2
"""The version of the keys and messages. Raise it when an older release could not read them."""
CHANGES: Final = f"{PREFIX}changes"
"""The channel on which the id of every job that changed is published."""
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
    """Return the key of what happens to a job, which is what its followers are told."""
    return f"{PREFIX}job:{job_id}:events"


def segments(job_id: str) -> str:
    """Return the key of the segments that a job's followers were told of."""
    return f"{PREFIX}job:{job_id}:segments"


def deliveries(job_id: str) -> str:
    """Return the key of the notices about a job."""
    return f"{PREFIX}job:{job_id}:deliveries"


def jobs_in(status: str) -> str:
    """Return the key of the index of jobs with one status."""
    return f"{JOBS}:{status}"


def batch(batch_id: str) -> str:
    """Return the key of a batch."""
    return f"{PREFIX}batch:{batch_id}"


def reply(key: str) -> str:
    """Return the key of the answer that an idempotency key stands for."""
    return f"{PREFIX}reply:{key}"


def jobs_tagged(digest: str) -> str:
    """Return the key of the index of jobs with one note."""
    return f"{JOBS}:tag:{digest}"


def page(name: str) -> str:
    """Return the key of an index that is made for one list."""
    return f"{PREFIX}page:{name}"


def jobs_index(*, status: str | None = None, owner: str | None = None) -> str:
    """Return the key of the index of jobs with one status or any, of one owner or of all."""
    index = JOBS if owner is None else f"{JOBS}:owner:{owner}"
    return f"{index}:{status}" if status else index


def inflight(service: str) -> str:
    """Return the key of the jobs that a service has been given."""
    return f"{PREFIX}inflight:{service}"


def heartbeat(worker: str) -> str:
    """Return the key of a worker's sign of life."""
    return f"{PREFIX}heartbeat:{worker}"


def leases(worker: str) -> str:
    """Return the key of the jobs whose lease a worker holds."""
    return f"{PREFIX}leases:{worker}"


def figures(place: str) -> str:
    """Return the key of what was counted in one place."""
    return f"{PREFIX}figures:{place}"


def breaker(service: str) -> str:
    """Return the key of a service's breaker."""
    return f"{PREFIX}breaker:{service}"
