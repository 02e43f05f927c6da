"""The API for a WSGI server: ``gunicorn -c web/gunicorn.conf.py web.wsgi:app``."""

from orchestrator.garbage import collect_rarely
from tasks.broker import get_ready
from web.app import create_app
from web.refusals import answer_in_problems

app = create_app()
answer_in_problems(app)
get_ready()
collect_rarely()
