"""The page of licences is what the lock says, and no licence of others forbids what MIT allows."""

from dataclasses import replace

from tools.licences import PAGE, find_refused, read_packages, render


def test_the_page_of_licences_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == render(), "run: make licences"


def test_no_locked_package_has_a_licence_that_is_unknown_or_forbids_what_ours_allows() -> None:
    assert find_refused(read_packages()) == []


def test_a_strict_or_an_unknown_licence_is_refused() -> None:
    package = read_packages()[0]
    strict = replace(package, licence="MIT AND AGPL-3.0-only")
    unknown = replace(package, licence="unknown")

    assert find_refused([package, strict, unknown]) == [strict, unknown]


def test_a_package_is_listed_with_what_brings_it() -> None:
    brought = {package.name: package.extras for package in read_packages()}

    assert brought["amqp"] == ("always",)  # celery's own
    assert brought["faster-whisper"] == ("transcriber",)
    assert brought["mypy"] == ("development",)
