"""Logins in URLs are hidden."""

from io import StringIO

import pytest

from tests.support.jobs import make_job
from web.schemas.jobs import JobDetail
from ytcaption import Job, UnexpectedAnswerError, UnreachableError, UsageError
from ytcaption.client import Client
from ytcaption.commands.screen import Screen
from ytcaption.logins import hide_logins

SECRET_URL = "https://ann:s3cret@v.test/a?b=1"
SHOWN_URL = "https://v.test/a?b=1"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (SECRET_URL, SHOWN_URL),
        ("http://ann@v.test", "http://v.test"),
        ("ftp://a:p@ss:w@v.test:21/x", "ftp://v.test:21/x"),
        (f"two {SECRET_URL} and {SECRET_URL}", f"two {SHOWN_URL} and {SHOWN_URL}"),
        ("https://v.test/@ann/video", "https://v.test/@ann/video"),
        ("https://v.test?mail=a@b.test", "https://v.test?mail=a@b.test"),
        ("ann@v.test", "ann@v.test"),
        ("https://v.test and ann@v.test", "https://v.test and ann@v.test"),
    ],
)
def test_a_login_is_removed_and_nothing_else(text: str, shown: str) -> None:
    assert hide_logins(text) == shown


def test_a_job_of_an_older_api_has_no_login() -> None:
    told = JobDetail.of(make_job(), None, None).model_dump(mode="json")
    job = Job.model_validate(told | {"youtube_url": SECRET_URL})
    assert job.name == SHOWN_URL
    assert "s3cret" not in job.model_dump_json()


def test_errors_have_no_login() -> None:
    for kind in (UnreachableError, UnexpectedAnswerError):
        assert SHOWN_URL in str(kind(SECRET_URL, "why"))
    with pytest.raises(UsageError) as refused:
        Client("https://ann:s3cret@v.test:port")
    assert "s3cret" not in str(refused.value)


def test_the_output_has_no_login() -> None:
    screen = Screen(StringIO(), StringIO(), StringIO())
    screen.warn(f"{SECRET_URL} failed")
    screen.print_rows(("",), [(SECRET_URL,)])
    screen.print_json({"url": SECRET_URL})
    for console in (screen.out, screen.err):
        assert isinstance(console.file, StringIO)
        assert SHOWN_URL in console.file.getvalue()
        assert "s3cret" not in console.file.getvalue()
