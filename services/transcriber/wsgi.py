"""The transcriber's API; gunicorn serves it with ``services/kit/gunicorn.conf.py``."""

from services.kit.http.app import create_app
from services.transcriber.service import SERVICE

app = create_app(SERVICE)
