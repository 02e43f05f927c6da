"""Claims on idempotency keys: renewed while their request runs, and released only by it."""

import pytest

from orchestrator.errors import KeyInUseError
from orchestrator.store import keys
from orchestrator.store.connection import Connection, connect
from orchestrator.store.replies import KeyClaim, Reply, ReplyStore
from tests.support.jobs import make_settings
from tools.waiting import wait_until

REPLY = Reply(202, "/jobs/a1", "{}")


@pytest.fixture
def connection(redis_url: str) -> Connection:
    return connect(make_settings(redis_url=redis_url))


def store_of(connection: Connection, *, claim_s: float) -> ReplyStore:
    return ReplyStore(connection, retention_s=60, claim_s=claim_s)


def begin(store: ReplyStore) -> KeyClaim:
    claim = store.begin("key", "print")
    assert isinstance(claim, KeyClaim)
    return claim


def await_lapse(connection: Connection) -> None:
    with connection.commands() as client:
        wait_until(
            lambda: not client.exists(keys.reply("key")), timeout_s=5, what="the claim to lapse"
        )


def test_a_claim_of_a_dead_process_expires(connection: Connection) -> None:
    store = store_of(connection, claim_s=0.2)
    lost = begin(store)
    with pytest.raises(KeyInUseError):
        store.begin("key", "print")
    await_lapse(connection)
    assert begin(store).token != lost.token


def test_a_claim_does_not_expire_while_its_request_runs(connection: Connection) -> None:
    store = store_of(connection, claim_s=0.4)
    claim = begin(store)
    with store.holding(claim), connection.commands() as client:
        renewed: set[int] = set()
        lived_ms = 0

        def is_renewed_twice() -> bool:
            nonlocal lived_ms
            left_ms = int(client.pttl(keys.reply("key")))
            assert left_ms > 0, "it has expired"
            if left_ms > lived_ms:
                renewed.add(left_ms)
            lived_ms = left_ms
            return len(renewed) > 3

        wait_until(is_renewed_twice, timeout_s=5, what="renewals")
    assert store.keep(claim, REPLY)
    assert store.begin("key", "print") == REPLY


def test_a_lost_claim_cannot_change_a_newer_one(connection: Connection) -> None:
    store = store_of(connection, claim_s=0.2)
    late = begin(store)
    await_lapse(connection)
    newer = begin(store_of(connection, claim_s=30))
    assert not store.forget(late)
    assert not store.keep(late, REPLY)
    with pytest.raises(KeyInUseError):
        store.begin("key", "print")
    assert store.keep(newer, Reply(202, "/jobs/b2", "{}"))
    assert not store.forget(newer), "a reply is not a claim"
    assert store.begin("key", "print") == Reply(202, "/jobs/b2", "{}")


def test_a_released_key_can_be_claimed_again(connection: Connection) -> None:
    store = store_of(connection, claim_s=30)
    assert store.forget(begin(store))
    assert begin(store)
