"""Errors of a work can be pickled, as Celery requires."""

import pickle

from services.kit.work import WorkError


def test_a_work_error_survives_pickling_with_all_its_fields() -> None:
    error = WorkError("bot_check", "Are you a bot?", retryable=True)
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own object
    assert isinstance(copy, WorkError)
    assert (copy.code, copy.message, copy.retryable) == ("bot_check", "Are you a bot?", True)
    assert str(copy) == "bot_check: Are you a bot?"
