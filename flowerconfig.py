"""Flower's settings: ``celery -A tasks.app flower`` reads this file in the working directory.

Other settings come from Flower's options and ``FLOWER_…`` variables.
"""

import sys

from orchestrator.settings import load_settings

_settings = load_settings()
if _settings.flower_basic_auth is None:
    sys.exit("Flower shows all jobs to anyone who can connect: set FLOWER_BASIC_AUTH=user:password")
if not _settings.task_events:
    sys.stderr.write("TASK_EVENTS is not set: Flower will list workers, but no tasks\n")

basic_auth = _settings.flower_basic_auth.get_secret_value()
address = _settings.host
port = _settings.flower_port
# The first argument is the job's id.
tasks_columns = "name,args,state,received,started,runtime,worker"
enable_events = False  # Flower would enable them in every worker, regardless of TASK_EVENTS
read_only = True  # jobs are changed through the API only
max_tasks = 10_000
