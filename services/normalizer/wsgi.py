"""The normalizer's API; gunicorn serves it with ``services/kit/gunicorn.conf.py``."""

from services.kit.http.app import create_app
from services.normalizer.service import SERVICE

app = create_app(SERVICE)
