"""``web/gunicorn_conf.py`` as a path, for ``gunicorn -c web/gunicorn.conf.py`` in a checkout."""

from web.gunicorn_conf import *
