"""All errors of the orchestrator. Only the class decides whether an operation is retried.

OrchestratorError
├── SettingsError                 an environment variable is missing or invalid
├── InvalidRequestError           a request is invalid
│   ├── UnsupportedSourceError    the URL's source is not accepted
│   ├── ForbiddenAddressError     the URL leads into a private network
│   ├── FileTooLargeError         the file exceeds the limit
│   ├── UnsupportedLanguageError  the transcriber supports neither the language nor translation
│   ├── OptionUnavailableError    a component that an option needs is not installed
│   ├── KeyReusedError            the idempotency key belongs to a different request
│   ├── ConfirmationRequiredError the operation needs an explicit confirmation
│   └── KeyInUseError             the first request with this key has not been answered yet
├── NotAuthenticatedError         the API key is missing or unknown
├── NotAllowedError               the API key lacks the required scope
├── QueueFullError                too many jobs have not ended
├── JobNotFoundError              the job does not exist or has expired
├── DeliveryNotFoundError         the job has no such webhook delivery
├── CallbackError                 a webhook could not be delivered
├── BatchNotFoundError            the batch does not exist or has expired
├── IllegalTransitionError        the job's status does not allow the operation
├── NotCompletedError             the requested result does not exist (yet)
├── ArtifactGoneError             the service no longer has a job's file
├── NoAudioError                  the job used the publisher's subtitles, so there is no audio
├── StoreError                    Redis answered with an error
│   ├── StoreUnavailableError     Redis did not answer, or cannot accept a write now
│   ├── SchemaVersionError        a newer release wrote the data
│   └── LeaseLostError            the stage has a newer owner; the write was refused
├── TurnInterruptedError          the worker is stopping
└── StageError                    a stage cannot continue
    ├── DeadlineExceededError     a deadline passed
    ├── SharedWorkError           another job is submitting the same work
    ├── SourceGoneError           the previous stage's artifact is gone
    ├── CaptionsUnusableError     the publisher's subtitles cannot be fetched or parsed
    ├── ServiceError              a call of a service failed
    │   ├── ServiceRejectedError      permanent: 4xx
    │   ├── ServiceUnavailableError   transient: 5xx, connection, timeout, broken transfer
    │   │   └── BreakerOpenError          the circuit breaker allowed no call
    │   └── ServiceOverloadedError    429, or 503 with Retry-After: wait that long
    └── RemoteJobError            the service's job did not complete
        ├── RemoteJobLostError        the service no longer has it
        └── RemoteJobFailedError      it failed, with a reason and a code
"""

from orchestrator.errors.base import (
    LeaseLostError,
    OrchestratorError,
    SchemaVersionError,
    SettingsError,
    StoreError,
    StoreUnavailableError,
    TurnInterruptedError,
)
from orchestrator.errors.requests import (
    ArtifactGoneError,
    BatchNotFoundError,
    CallbackError,
    ConfirmationRequiredError,
    DeliveryNotFoundError,
    FileTooLargeError,
    ForbiddenAddressError,
    IllegalTransitionError,
    InvalidRequestError,
    JobNotFoundError,
    KeyInUseError,
    KeyReusedError,
    NoAudioError,
    NotAllowedError,
    NotAuthenticatedError,
    NotCompletedError,
    OptionUnavailableError,
    QueueFullError,
    UnsupportedLanguageError,
    UnsupportedSourceError,
)
from orchestrator.errors.stages import (
    BreakerOpenError,
    CaptionsUnusableError,
    DeadlineExceededError,
    Failure,
    RemoteJobError,
    RemoteJobFailedError,
    RemoteJobLostError,
    ServiceError,
    ServiceOverloadedError,
    ServiceRejectedError,
    ServiceUnavailableError,
    SharedWorkError,
    SourceGoneError,
    StageError,
)

__all__ = [
    "ArtifactGoneError",
    "BatchNotFoundError",
    "BreakerOpenError",
    "CallbackError",
    "CaptionsUnusableError",
    "ConfirmationRequiredError",
    "DeadlineExceededError",
    "DeliveryNotFoundError",
    "Failure",
    "FileTooLargeError",
    "ForbiddenAddressError",
    "IllegalTransitionError",
    "InvalidRequestError",
    "JobNotFoundError",
    "KeyInUseError",
    "KeyReusedError",
    "LeaseLostError",
    "NoAudioError",
    "NotAllowedError",
    "NotAuthenticatedError",
    "NotCompletedError",
    "OptionUnavailableError",
    "OrchestratorError",
    "QueueFullError",
    "RemoteJobError",
    "RemoteJobFailedError",
    "RemoteJobLostError",
    "SchemaVersionError",
    "ServiceError",
    "ServiceOverloadedError",
    "ServiceRejectedError",
    "ServiceUnavailableError",
    "SettingsError",
    "SharedWorkError",
    "SourceGoneError",
    "StageError",
    "StoreError",
    "StoreUnavailableError",
    "TurnInterruptedError",
    "UnsupportedLanguageError",
    "UnsupportedSourceError",
]
