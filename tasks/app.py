"""The Celery app: ``celery -A tasks.app worker`` and ``celery -A tasks.app beat``."""

from celery import Celery

from tasks.transport import use_own_transport
from tasks.worker import connect_signals

__all__ = ["app"]

use_own_transport()
app = Celery("orchestrator")
app.config_from_object("celeryconfig")
connect_signals(app)
