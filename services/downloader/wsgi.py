"""The downloader's API; gunicorn serves it with ``services/kit/gunicorn.conf.py``."""

from services.downloader.service import SERVICE
from services.kit.http.app import create_app

app = create_app(SERVICE)
