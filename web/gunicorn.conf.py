"""``web/gunicorn_conf.py`` under the name that ``gunicorn -c`` expects in a checkout."""

from web.gunicorn_conf import *
