"""The URL of a Redis behind sentinels, as operators write it and as kombu expects it."""

import pytest

from orchestrator.errors import SettingsError
from orchestrator.settings import load_settings
from orchestrator.settings.sentinels import Sentinels
from tasks.broker_url import build_broker_url, sentinel_options

ADDRESS = "sentinel://me:p%40ss@one.test:1;sentinel://two.test/mymaster/3"


def test_a_url_has_the_sentinels_the_master_and_the_login() -> None:
    assert Sentinels.parse(ADDRESS) == Sentinels(
        hosts=(("one.test", 1), ("two.test", 26379)),
        master_name="mymaster",
        username="me",
        password="p@ss",
        database=3,
    )


@pytest.mark.parametrize(
    "url",
    ["sentinel://one.test:1", "sentinel:///mymaster", "sentinel://one.test;redis://two.test/name"],
)
def test_an_incomplete_url_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="REDIS_URL"):
        load_settings(env_files=(), REDIS_URL=url)


def test_celery_gets_the_same_url_in_its_own_form() -> None:
    settings = load_settings(env_files=(), redis_url=ADDRESS)
    login = "sentinel://me:p%40ss@"
    assert build_broker_url(settings) == f"{login}one.test:1/3;{login}two.test:26379"
    assert sentinel_options(settings)["master_name"] == "mymaster"


def test_the_url_of_another_broker_is_unchanged() -> None:
    settings = load_settings(env_files=(), redis_url=ADDRESS, celery_broker_url="amqp://rabbit")
    assert build_broker_url(settings) == "amqp://rabbit"
    assert sentinel_options(settings) == {}
