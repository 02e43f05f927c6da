"""A service's HTTP API: start with operations."""
