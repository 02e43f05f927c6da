"""The work of a worker process: turns of stages, retries, recovery. Never imports use cases."""
