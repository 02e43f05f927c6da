"""URLs with private hosts are refused, however they are written."""

import pytest

from orchestrator.domain.network import check_address
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


def test_a_malformed_url_is_refused() -> None:
    with pytest.raises(ForbiddenAddressError):
        check_address("http://[::1/", allow_private=False)
