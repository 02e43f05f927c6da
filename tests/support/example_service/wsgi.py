"""The example's API."""

from services.kit.http.app import create_app
from tests.support.example_service.service import SERVICE

app = create_app(SERVICE)
