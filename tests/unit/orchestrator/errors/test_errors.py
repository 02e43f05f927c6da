"""Every error survives pickling and states what happened."""

import pickle
import re
from collections.abc import Iterator
from inspect import signature
from typing import get_args

import pytest

from orchestrator import errors
from orchestrator.errors import (
    BatchNotFoundError,
    BreakerOpenError,
    DeadlineExceededError,
    DeliveryNotFoundError,
    Failure,
    FileTooLargeError,
    ForbiddenAddressError,
    IllegalTransitionError,
    JobNotFoundError,
    LeaseLostError,
    NoAudioError,
    NotAllowedError,
    OrchestratorError,
    QueueFullError,
    RemoteJobFailedError,
    RemoteJobLostError,
    SchemaVersionError,
    ServiceError,
    ServiceOverloadedError,
    ServiceRejectedError,
    ServiceUnavailableError,
    SourceGoneError,
)

FAILURE = Failure("Sign in to confirm", "bot_check", retryable=True)
PARTS: dict[object, object] = {str: "word", int: 7, float: 7.5, bool: True, Failure: FAILURE}
SENTENCES = {
    BatchNotFoundError("b1"): "Batch b1 does not exist",
    JobNotFoundError("a1"): "Job a1 does not exist",
    IllegalTransitionError("a1", "queued", "retried"): "Job a1 is queued and cannot be retried",
    NoAudioError("a1"): "Job a1 used the publisher's subtitles and has no audio",
    NotAllowedError("admin"): "This API key lacks the scope admin",
    ForbiddenAddressError("localhost"): "localhost is not a public Internet address",
    DeliveryNotFoundError("msg_a1_1"): "Delivery msg_a1_1 does not exist",
    FileTooLargeError(9): "The file exceeds the limit of 9 bytes (MAX_FILE_SIZE_MB)",
    QueueFullError(3): "The limit of 3 unfinished jobs is reached; retry later",
    LeaseLostError("a1", "cancelled"): "The lease on job a1 is lost: cancelled",
    SchemaVersionError(3, 2): (
        "The data in Redis has schema version 3, and this release reads versions up to 2. Start "
        "the release that wrote the data or a later one, or restore the backup made before the "
        "upgrade"
    ),
    DeadlineExceededError("JOB_TIMEOUT_MINUTES", 3600.0): (
        "Not finished within 3600 s (JOB_TIMEOUT_MINUTES)"
    ),
    SourceGoneError("download", "x_audio"): (
        "The artifact of the download stage (x_audio) is gone"
    ),
    ServiceError("normalizer", "no"): "normalizer: no",
    ServiceRejectedError("normalizer", "not audio", 422, "not_audio"): (
        "normalizer (422): not audio"
    ),
    ServiceUnavailableError("normalizer", "broken", 502): "normalizer (502): broken",
    BreakerOpenError("normalizer", "left alone"): "normalizer: left alone",
    ServiceOverloadedError("normalizer", "full", 7.5): "normalizer: full",
    RemoteJobLostError("normalizer", "norm_1"): "normalizer no longer has job norm_1",
    RemoteJobFailedError("downloader", FAILURE): "Sign in to confirm",
}


def classes_below(kind: type[OrchestratorError]) -> Iterator[type[OrchestratorError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from classes_below(child)


def example(kind: type[OrchestratorError]) -> OrchestratorError:
    """Return an error of a class, with example arguments."""
    if kind.__init__ is Exception.__init__:
        return kind("It broke")
    parameters = list(signature(kind).parameters.values())
    return kind(*(PARTS[(get_args(one.annotation) or (one.annotation,))[0]] for one in parameters))


def test_every_class_of_the_tree_is_exported_and_drawn() -> None:
    for kind in classes_below(OrchestratorError):
        assert kind.__module__.startswith(f"{errors.__name__}.")
        assert kind.__name__ in errors.__all__
        assert kind.__name__ in str(errors.__doc__)


@pytest.mark.parametrize("kind", list(classes_below(OrchestratorError)))
def test_an_error_survives_pickling_with_its_facts(kind: type[OrchestratorError]) -> None:
    error = example(kind)
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert type(copy) is type(error)
    assert vars(copy) == vars(error)
    assert (str(copy), copy.code) == (str(error), error.code)


@pytest.mark.parametrize("kind", list(classes_below(OrchestratorError)))
def test_an_error_is_a_sentence_and_has_a_code(kind: type[OrchestratorError]) -> None:
    error = example(kind)
    assert re.fullmatch(r"\S.*\S", str(error))
    assert not str(error).startswith(("(", "<", "'"))
    assert re.fullmatch(r"[a-z_]+", error.code)


@pytest.mark.parametrize("error", SENTENCES, ids=lambda error: type(error).__name__)
def test_an_error_states_what_happened(error: OrchestratorError) -> None:
    assert str(error) == SENTENCES[error]


def test_a_service_error_has_the_code_of_the_service() -> None:
    assert ServiceRejectedError("normalizer", "no", 422, "not_audio").code == "not_audio"
    assert ServiceRejectedError("normalizer", "no", 422).code == "service_rejected"


def test_a_failed_remote_job_has_the_code_of_its_failure() -> None:
    assert RemoteJobFailedError("downloader", FAILURE).code == "bot_check"


def test_an_overloaded_error_has_the_time_to_wait() -> None:
    assert ServiceOverloadedError("normalizer", "full", 7.5).retry_after_s == 7.5


def test_a_failure_is_a_value() -> None:
    assert Failure("Sign in to confirm", "bot_check", retryable=True) == FAILURE
    assert len({FAILURE, Failure("Other", "bot_check", retryable=True)}) == 2
