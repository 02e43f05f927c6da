"""The normalizer's worker: ``celery -A services.normalizer.tasks worker``."""

from services.kit.running.worker import create_worker
from services.normalizer.service import SERVICE
from services.normalizer.work import run

app = create_worker(SERVICE, run)
