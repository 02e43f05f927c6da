"""What is plainly private is refused, however it is written."""

import pytest

from orchestrator.domain.network import check_address, is_public, literal_address
from orchestrator.errors import ForbiddenAddressError
from tests.support.private_addresses import PRIVATE_HOSTS, PUBLIC_HOSTS


@pytest.mark.parametrize("host", PRIVATE_HOSTS)
def test_a_private_address_is_refused_however_it_is_written(host: str) -> None:
    for url in (f"http://{host}/video", f"https://{host}:8443/?v=1#x"):
        with pytest.raises(ForbiddenAddressError):
            check_address(url, allow_private=False)
        check_address(url, allow_private=True)


@pytest.mark.parametrize("host", PUBLIC_HOSTS)
def test_a_public_address_passes(host: str) -> None:
    check_address(f"https://{host}/video", allow_private=False)


def test_an_address_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(ForbiddenAddressError):
        check_address("http://[::1/", allow_private=False)


@pytest.mark.parametrize("text", ["", "video.test", "127.0.0.1.example", "256.256.256.256"])
def test_a_name_is_no_address(text: str) -> None:
    assert literal_address(text) is None
    assert not is_public(text)
