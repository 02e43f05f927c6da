"""A service's jobs in Redis, their leases and their queue."""
