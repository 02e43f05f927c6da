"""Checks that run before a route: authentication, rate limits, lockout, idempotency keys."""
