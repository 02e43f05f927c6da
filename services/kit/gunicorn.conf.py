"""``services/kit/gunicorn_conf.py`` as a path, for ``gunicorn -c …`` in a checkout."""

from services.kit.gunicorn_conf import *
