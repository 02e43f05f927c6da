"""Public and private addresses are distinguished, however they are written."""

from urllib.parse import urlsplit

import pytest

from foundation.addresses import is_public, literal_address
from tests.support.private_addresses import PRIVATE_HOSTS, PUBLIC_HOSTS


def _addresses(hosts: list[str]) -> list[str]:
    names = [urlsplit(f"http://{host}/").hostname or "" for host in hosts]
    return [name for name in names if literal_address(name)]


@pytest.mark.parametrize("host", _addresses(PRIVATE_HOSTS))
def test_a_private_address_is_not_public(host: str) -> None:
    address = literal_address(host)
    assert address is not None
    assert not is_public(address)
    assert not is_public(str(address))


@pytest.mark.parametrize("host", _addresses(PUBLIC_HOSTS))
def test_a_public_address_is_public(host: str) -> None:
    address = literal_address(host)
    assert address is not None
    assert is_public(address)


@pytest.mark.parametrize(
    "embedding",
    [
        "::ffff:{0}",  # mapped
        "64:ff9b::{0}",  # NAT64
        "2002:{1:04x}:{2:04x}::",  # 6to4
        "2001:0:4136:e378:8000:63bf:{3:04x}:{4:04x}",  # Teredo
    ],
)
@pytest.mark.parametrize(("inner", "expected"), [("8.8.8.8", True), ("169.254.169.254", False)])
def test_an_embedded_ipv4_address_decides(embedding: str, inner: str, *, expected: bool) -> None:
    number = int.from_bytes(bytes(map(int, inner.split("."))))
    high, low = divmod(number, 1 << 16)
    address = embedding.format(inner, high, low, high ^ 0xFFFF, low ^ 0xFFFF)
    assert is_public(address) is expected


@pytest.mark.parametrize("text", ["", "video.test", "127.0.0.1.example", "256.256.256.256"])
def test_a_name_is_not_an_address(text: str) -> None:
    assert literal_address(text) is None
    assert not is_public(text)
