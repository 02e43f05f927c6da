"""The example's worker."""

from services.kit.running.worker import create_worker
from tests.support.example_service.service import SERVICE
from tests.support.example_service.work import run

app = create_worker(SERVICE, run)
