"""Logs of a service's processes."""
