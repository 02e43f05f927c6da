"""Celery glue: a task gives a stage one turn, and nothing more."""
