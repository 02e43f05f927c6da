"""The API for a WSGI server: ``gunicorn -c web/gunicorn.conf.py web.wsgi:app``."""

from orchestrator.garbage import collect_rarely
from tasks.broker import get_ready
from web.app import create_app

app = create_app()
get_ready()
collect_rarely()
