"""`gunicorn_conf` under a file name that ``gunicorn -c …`` accepts in a checkout."""

from services.kit.gunicorn_conf import *
