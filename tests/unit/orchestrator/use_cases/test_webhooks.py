"""Signatures, retry delays and URLs of webhooks."""

import base64

import pytest

from orchestrator.domain.signatures import sign
from orchestrator.errors import ForbiddenAddressError, InvalidRequestError, SettingsError
from orchestrator.settings import Settings, load_settings
from orchestrator.use_cases.webhooks import check_callback, retry_in_s

_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def settings(secret: str | None = _SECRET) -> Settings:
    return load_settings(env_files=(), webhook_secret=secret)


def test_a_signature_is_that_of_the_specifications_example() -> None:
    signature = sign(
        settings().webhook_secrets,
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_while_a_secret_is_rotated_a_webhook_is_signed_with_both() -> None:
    other = "whsec_" + base64.b64encode(bytes(32)).decode()
    both = sign(settings(f"{_SECRET}, {other}").webhook_secrets, "msg_1", 1, b"{}")
    single = [sign(settings(one).webhook_secrets, "msg_1", 1, b"{}") for one in (_SECRET, other)]
    assert both.split() == single


@pytest.mark.parametrize(
    "secret",
    ["no secret", "whsec_", "whsec_c2hvcnQ=", "whsec_not base64!", f"{_SECRET},", "MfKQ9r8G"],
)
def test_an_invalid_secret_is_refused_without_being_shown(secret: str) -> None:
    with pytest.raises(SettingsError, match="WEBHOOK_SECRET") as error:
        settings(secret)
    assert secret == "whsec_" or secret not in str(error.value)


def test_ten_attempts_are_spread_over_a_day() -> None:
    waits = [retry_in_s(attempts, 5) for attempts in range(1, 11)]
    assert waits[-1] is None
    known = [wait for wait in waits if wait is not None]
    assert len(known) == 9
    assert known == sorted(known)
    assert known[0] < 6
    assert 20 * 3600 < sum(known) < 25.1 * 3600


def test_a_public_callback_url_is_accepted() -> None:
    check_callback("https://client.example/hook?a=b", settings())


def test_a_callback_url_in_a_private_network_is_refused() -> None:
    with pytest.raises(ForbiddenAddressError):
        check_callback("http://127.1/hook", settings())


def test_without_a_secret_callback_urls_are_refused() -> None:
    with pytest.raises(InvalidRequestError, match="WEBHOOK_SECRET"):
        check_callback("https://client.example/hook", settings(None))
