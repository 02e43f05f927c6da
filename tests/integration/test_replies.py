"""Claims on idempotency keys: held as long as their request lives, and given up by nobody else."""

import pytest

from orchestrator.errors import KeyInUseError
from orchestrator.store import keys
from orchestrator.store.connection import Connection, connect
from orchestrator.store.replies import Claim, Reply, ReplyStore
from tests.support.jobs import make_settings
from tools.waiting import wait_until

REPLY = Reply(202, "/jobs/a1", "{}")


@pytest.fixture
def connection(redis_url: str) -> Connection:
    return connect(make_settings(redis_url=redis_url))


def store_of(connection: Connection, *, claim_s: float) -> ReplyStore:
    return ReplyStore(connection, retention_s=60, claim_s=claim_s)


def begin(store: ReplyStore) -> Claim:
    claim = store.begin("key", "print")
    assert isinstance(claim, Claim)
    return claim


def await_lapse(connection: Connection) -> None:
    with connection.commands() as client:
        wait_until(
            lambda: not client.exists(keys.reply("key")), timeout_s=5, what="the claim to lapse"
        )


def test_a_claim_whose_process_died_lapses(connection: Connection) -> None:
    store = store_of(connection, claim_s=0.2)
    lost = begin(store)
    with pytest.raises(KeyInUseError):
        store.begin("key", "print")
    await_lapse(connection)
    assert begin(store).token != lost.token


def test_a_claim_does_not_lapse_while_its_request_lives(connection: Connection) -> None:
    store = store_of(connection, claim_s=0.4)
    claim = begin(store)
    with store.holding(claim), connection.commands() as client:
        renewed: set[int] = set()
        lived_ms = 0

        def is_renewed_twice() -> bool:
            nonlocal lived_ms
            left_ms = int(client.pttl(keys.reply("key")))
            assert left_ms > 0, "it has lapsed"
            if left_ms > lived_ms:
                renewed.add(left_ms)
            lived_ms = left_ms
            return len(renewed) > 3

        wait_until(is_renewed_twice, timeout_s=5, what="renewals")
    assert store.keep(claim, REPLY)
    assert store.begin("key", "print") == REPLY


def test_who_lost_a_claim_neither_drops_nor_answers_another_s(connection: Connection) -> None:
    store = store_of(connection, claim_s=0.2)
    late = begin(store)
    await_lapse(connection)
    newer = begin(store_of(connection, claim_s=30))
    assert not store.forget(late)
    assert not store.keep(late, REPLY)
    with pytest.raises(KeyInUseError):
        store.begin("key", "print")
    assert store.keep(newer, Reply(202, "/jobs/b2", "{}"))
    assert not store.forget(newer), "an answer is no claim any more"
    assert store.begin("key", "print") == Reply(202, "/jobs/b2", "{}")


def test_a_key_that_was_given_back_can_be_claimed_again(connection: Connection) -> None:
    store = store_of(connection, claim_s=30)
    assert store.forget(begin(store))
    assert begin(store)
