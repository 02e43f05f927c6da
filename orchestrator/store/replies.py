"""Answers kept by idempotency key: a request that is sent again gets the same one."""

import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Final

from orchestrator.errors import KeyInUseError, KeyReusedError, StoreUnavailableError
from orchestrator.store import keys
from orchestrator.store.connection import Connection

__all__ = ["Claim", "Reply", "ReplyStore"]

_POINTER: Final = "header:Idempotency-Key"
_CLAIM_S: Final = 60.0  # a request whose process died holds its key no longer than this


@dataclass(frozen=True)
class Reply:
    """An answer as it was sent."""

    status: int
    location: str
    body: str
    """JSON."""


@dataclass(frozen=True)
class Claim:
    """One request's right to give a key its answer; told from all others by its token."""

    key: str
    fingerprint: str
    token: str


class ReplyStore:
    """Replies by key (draft-ietf-httpapi-idempotency-key-header).

    Args:
        connection: To Redis.
        retention_s: For how long a key stands for its answer, in seconds.
        claim_s: How long a claim is held that nobody renews, in seconds.
    """

    def __init__(
        self, connection: Connection, *, retention_s: float, claim_s: float = _CLAIM_S
    ) -> None:
        self._connection = connection
        self._retention_s = retention_s
        self._claim_s = claim_s

    def begin(self, key: str, fingerprint: str) -> Reply | Claim:
        """Take a key for a request.

        Args:
            key: The caller's key, with the caller's name before it.
            fingerprint: A digest of the request.

        Returns:
            The answer that the key stands for, or a claim: do it while ``holding`` the claim,
            then ``keep`` the answer, or ``forget`` it.

        Raises:
            KeyReusedError: The key stands for another request.
            KeyInUseError: The same request is being worked on.
        """
        claim = Claim(key, fingerprint, secrets.token_hex(8))
        entry = json.dumps({"fingerprint": fingerprint, "token": claim.token})
        with self._connection.commands() as client:
            name = keys.reply(key)
            if client.set(name, entry, nx=True, px=_milliseconds(self._claim_s)):
                return claim
            found = json.loads(client.get(name) or entry)
        if found["fingerprint"] != fingerprint:
            detail = "The idempotency key was used for another request"
            raise KeyReusedError(detail, pointer=_POINTER)
        if "reply" not in found:
            raise KeyInUseError("The request with this idempotency key is being worked on")
        return Reply(**found["reply"])

    @contextmanager
    def holding(self, claim: Claim) -> Iterator[None]:
        """Renew a claim until the block ends, so that it never lapses while its request lives.

        A request that never ends holds its key no longer than an answer would.
        """
        has_ended = threading.Event()
        thread = threading.Thread(target=self._renew, args=(claim, has_ended), daemon=True)
        thread.start()
        try:
            yield
        finally:
            has_ended.set()

    def keep(self, claim: Claim, reply: Reply) -> bool:
        """Have the claimed key stand for an answer; returns whether it was still claimed."""
        entry = json.dumps({"fingerprint": claim.fingerprint, "reply": asdict(reply)})
        return self._change(claim, "keep", self._retention_s, entry)

    def forget(self, claim: Claim) -> bool:
        """Give a key back: its request came to nothing and may be sent again."""
        return self._change(claim, "forget")

    def _renew(self, claim: Claim, has_ended: threading.Event) -> None:
        gives_up_at = time.monotonic() + self._retention_s
        while not has_ended.wait(self._claim_s / 4) and time.monotonic() < gives_up_at:
            try:
                if not self._change(claim, "renew", self._claim_s):
                    return
            except StoreUnavailableError:
                continue  # the request itself fails on this, sooner than the claim lapses

    def _change(self, claim: Claim, what: str, lifetime_s: float = 0, entry: str = "") -> bool:
        lifetime_ms = _milliseconds(lifetime_s)
        return bool(self._connection.run("reply", claim.key, claim.token, what, lifetime_ms, entry))


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
