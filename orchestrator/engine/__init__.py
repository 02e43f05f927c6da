"""What a worker does: turns of stages, polls, retries, leases. Never imports use cases."""
