"""The transcriber's worker: ``celery -A services.transcriber.tasks worker``."""

from services.kit.running.worker import create_worker
from services.transcriber.service import SERVICE
from services.transcriber.work import run

app = create_worker(SERVICE, run)
