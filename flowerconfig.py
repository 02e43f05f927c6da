"""Flower's own settings: ``celery -A tasks.app flower`` reads this file where it is started.

What Flower has no setting for here, its own options and ``FLOWER_…`` variables still do.
"""

import sys

from orchestrator.settings import load_settings

_settings = load_settings()
if _settings.flower_basic_auth is None:
    sys.exit("Flower shows every job to whoever reaches it: set FLOWER_BASIC_AUTH=user:password")
if not _settings.task_events:
    sys.stderr.write("TASK_EVENTS is not set: Flower will list workers and no tasks\n")

basic_auth = _settings.flower_basic_auth.get_secret_value()
address = _settings.host
port = _settings.flower_port
# Which tasks, and of which job: its id is the first argument.
tasks_columns = "name,args,state,received,started,runtime,worker"
enable_events = False  # Flower would switch them on in every worker, whatever TASK_EVENTS says
read_only = True  # what is done to a job is done through the API, which knows what it means
max_tasks = 10_000
