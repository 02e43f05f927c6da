"""Logs and traces of a service's process."""
