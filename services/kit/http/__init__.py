"""A service's HTTP API; its use cases are in `operations`."""
