"""Checks before a route is called: access, rate limits, lockout, idempotency keys."""
