"""The downloader's worker: ``celery -A services.downloader.tasks worker``."""

from services.downloader.service import SERVICE
from services.downloader.work import run
from services.kit.running.worker import create_worker

app = create_worker(SERVICE, run)
