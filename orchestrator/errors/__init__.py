"""Every error of the orchestrator. The class alone decides whether something is tried again.

OrchestratorError
├── SettingsError                 the environment names something that cannot be
├── InvalidRequestError           a client asked for something that cannot be
│   ├── UnsupportedSourceError    its address is not one that is accepted
│   ├── ForbiddenAddressError     its address leads into a private network
│   ├── FileTooLargeError         its file is longer than is accepted
│   ├── UnsupportedLanguageError  the transcriber does not know a language, or cannot translate so
│   ├── OptionUnavailableError    a part that an option needs is not installed
│   ├── KeyReusedError            its idempotency key was used for another request
│   ├── ConfirmationRequiredError it has to be confirmed in so many words
│   └── KeyInUseError             the same request is being worked on just now
├── NotAuthenticatedError         an API key is needed, and none or an unknown one came
├── NotAllowedError               the API key has not the scope that is needed
├── QueueFullError                as many jobs as are allowed have not ended
├── JobNotFoundError              no such job, or not any more
├── DeliveryNotFoundError         the job has no such notice
├── CallbackError                 a notice to a client's own address got no answer
├── BatchNotFoundError            no such batch, or not any more
├── IllegalTransitionError        the job's status does not allow it
├── NotCompletedError             what was asked for is not made yet, or will not be
├── ArtifactGoneError             a job's file is not at its service any more
├── NoAudioError                  a job took the publisher's subtitles, so there is no audio
├── StoreError                    Redis answered with something unexpected
│   ├── StoreUnavailableError     Redis did not answer, or cannot take a write now
│   ├── SchemaVersionError        a newer release has written the data
│   └── LeaseLostError            somebody newer owns the stage; this write was refused
├── TurnInterruptedError          the worker was told to stop
└── StageError                    a stage cannot go on as it is
    ├── DeadlineExceededError     its time is over
    ├── SharedWorkError           another job is just submitting the same work
    ├── SourceGoneError           the artifact of the stage before is not there any more
    ├── CaptionsUnusableError     the publisher's subtitles cannot be had or read
    ├── ServiceError              the service did not do what was asked
    │   ├── ServiceRejectedError      permanent: 4xx
    │   ├── ServiceUnavailableError   transient: 5xx, connection, timeout, broken transfer
    │   │   └── BreakerOpenError          not even asked: it has failed again and again
    │   └── ServiceOverloadedError    429 or 503 with Retry-After: wait as told
    └── RemoteJobError            the service's own job came to nothing
        ├── RemoteJobLostError        the service does not know it any more
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
