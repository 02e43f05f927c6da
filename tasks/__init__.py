"""Celery tasks, the broker and worker processes. Imports orchestrator; a task only runs a turn."""
