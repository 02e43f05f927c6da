"""The WSGI application: ``gunicorn -c web/gunicorn.conf.py web.wsgi:app``."""

from orchestrator.operating.garbage_collection import collect_rarely
from orchestrator.settings import load_settings
from orchestrator.store.connection import check_schema
from tasks.broker import get_ready
from web.app import create_app

settings = load_settings()
check_schema(settings)
app = create_app(settings)
get_ready()
collect_rarely()
