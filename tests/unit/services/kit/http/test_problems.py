"""Errors of the operating system become problem responses."""

import errno

import pytest
from flask import Flask

from services.kit.http.problems import install_problems


@pytest.mark.parametrize(
    ("number", "status_code", "code"),
    [(errno.ENOSPC, 507, "disk_low"), (errno.EACCES, 500, "internal")],
)
def test_a_full_disk_is_distinguished_from_other_errors(
    number: int, status_code: int, code: str
) -> None:
    app = Flask("example")
    install_problems(app)

    @app.get("/")
    def fail() -> str:
        raise OSError(number, "/srv/secret")

    answer = app.test_client().get("/")
    body = answer.get_json()
    assert (answer.status_code, body["code"], body["retryable"]) == (status_code, code, True)
    assert "secret" not in answer.text
