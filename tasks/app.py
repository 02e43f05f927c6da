"""The Celery app: ``celery -A tasks.app worker`` and ``celery -A tasks.app beat``."""

from celery import Celery

from tasks.worker import connect_signals

__all__ = ["app"]

app = Celery("orchestrator")
app.config_from_object("celeryconfig")
connect_signals(app)
