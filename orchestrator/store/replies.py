"""Replies by idempotency key: a repeated request gets the same reply."""

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
from orchestrator.store.commands import ForgetClaim, KeepReply, RenewClaim
from orchestrator.store.connection import Connection

__all__ = ["KeyClaim", "Reply", "ReplyStore"]

_POINTER: Final = "header:Idempotency-Key"
_CLAIM_S: Final = 60.0  # the longest that a request whose process died blocks its key


@dataclass(frozen=True)
class Reply:
    """A reply as it was sent."""

    status: int
    location: str
    body: str
    """JSON."""


@dataclass(frozen=True)
class KeyClaim:
    """The right of one request, identified by the token, to store the reply of a key."""

    key: str
    fingerprint: str
    token: str


class ReplyStore:
    """Replies by key (draft-ietf-httpapi-idempotency-key-header).

    Args:
        connection: To Redis.
        retention_s: Seconds that a reply is kept.
        claim_s: Seconds after which a claim expires unless it is renewed.
    """

    def __init__(
        self, connection: Connection, *, retention_s: float, claim_s: float = _CLAIM_S
    ) -> None:
        self._connection = connection
        self._retention_s = retention_s
        self._claim_s = claim_s

    def begin(self, key: str, fingerprint: str) -> Reply | KeyClaim:
        """KeyClaim a key for a request, or return its reply.

        Args:
            key: The caller's key, prefixed with the caller's name.
            fingerprint: A digest of the request.

        Returns:
            The reply, or a claim: handle the request while ``holding`` it, then ``keep`` the
            reply or ``forget`` the claim.

        Raises:
            KeyReusedError: The key belongs to a different request.
            KeyInUseError: The first request with this key has not been answered yet.
        """
        claim = KeyClaim(key, fingerprint, secrets.token_hex(8))
        entry = json.dumps({"fingerprint": fingerprint, "token": claim.token})
        with self._connection.commands() as client:
            name = keys.reply(key)
            if client.set(name, entry, nx=True, px=_milliseconds(self._claim_s)):
                return claim
            found = json.loads(client.get(name) or entry)
        if found["fingerprint"] != fingerprint:
            detail = "The idempotency key was used for a different request"
            raise KeyReusedError(detail, pointer=_POINTER)
        if "reply" not in found:
            raise KeyInUseError("The first request with this idempotency key is still in progress")
        return Reply(**found["reply"])

    @contextmanager
    def holding(self, claim: KeyClaim) -> Iterator[None]:
        """Renew a claim until the block exits.

        A request that never ends keeps its key for ``retention_s``.
        """
        has_ended = threading.Event()
        thread = threading.Thread(target=self._renew, args=(claim, has_ended), daemon=True)
        thread.start()
        try:
            yield
        finally:
            has_ended.set()

    def keep(self, claim: KeyClaim, reply: Reply) -> bool:
        """Store the reply of a claimed key; return whether the claim still held."""
        entry = json.dumps({"fingerprint": claim.fingerprint, "reply": asdict(reply)})
        lifetime_ms = _milliseconds(self._retention_s)
        return bool(self._connection.run(KeepReply(claim.key, claim.token, lifetime_ms, entry)))

    def forget(self, claim: KeyClaim) -> bool:
        """Release a key: its request failed and may be repeated."""
        return bool(self._connection.run(ForgetClaim(claim.key, claim.token)))

    def _renew(self, claim: KeyClaim, has_ended: threading.Event) -> None:
        renewal = RenewClaim(claim.key, claim.token, _milliseconds(self._claim_s))
        ends_at = time.monotonic() + self._retention_s
        while not has_ended.wait(self._claim_s / 4) and time.monotonic() < ends_at:
            try:
                if not self._connection.run(renewal):
                    return
            except StoreUnavailableError:
                continue  # the request fails for the same reason before the claim expires


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
