"""The page of settings and the example of an environment file are what the settings say."""

import re

from tools.settings_table import (
    EXAMPLE,
    PAGE,
    SERVICE_EXAMPLES,
    render,
    render_example,
    render_service_example,
)


def test_the_page_of_settings_is_up_to_date() -> None:
    assert PAGE.read_text() == render(), "run: make docs-settings"


def test_the_example_of_an_environment_file_is_up_to_date() -> None:
    assert EXAMPLE.read_text() == render_example(), "run: make docs-settings"


def test_the_examples_of_the_services_are_up_to_date() -> None:
    for path, name in SERVICE_EXAMPLES.items():
        assert path.read_text() == render_service_example(name), "run: make docs-settings"


def test_every_line_of_the_example_is_a_comment() -> None:
    for line in render_example().splitlines():
        assert not line or line.startswith("#"), line


def test_the_example_shows_the_defaults() -> None:
    example = render_example()
    assert "# MAX_POLL_ATTEMPTS=600\n" in example
    assert "# VIDEO_DOWNLOADER_TIMEOUT=300\n" in example
    assert re.search(r"^# DEFAULT_REMOVE_NOISE=true$", example, re.MULTILINE)
