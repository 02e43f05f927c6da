"""Celery's settings, with the reason for each value that is not Celery's default.

Read when the Celery app is first used, not when it is imported.
"""

from kombu import Queue

from orchestrator.settings import load_settings
from tasks.broker_url import build_broker_url, sentinel_options

_settings = load_settings()

broker_url = build_broker_url(_settings)
broker_connection_retry_on_startup = True
broker_connection_max_retries = None  # workers wait for Redis however long an outage lasts
_REDIS_OPTIONS = {
    # Without a prefix, Celery apps that share a Redis would restore each other's messages.
    "global_keyprefix": "orchestrator:broker:",
    # A message is only a wake-up call, so it needs no acknowledgement. That saves a third of the
    # CPU, and no visibility timeout redelivers messages. Requires worker_disable_prefetch.
    "ack_emulation": False,
    # By default a dead connection blocks for ever, and POST /pipeline with it.
    "socket_timeout": _settings.redis_timeout_s,
    "socket_connect_timeout": _settings.redis_timeout_s,
    "socket_keepalive": True,
    "health_check_interval": 25,
    **sentinel_options(_settings),
}
_AMQP_OPTIONS = {
    # RabbitMQ confirms a message before the API reports it as sent.
    "confirm_publish": True,
    "connect_timeout": _settings.redis_timeout_s,
    "read_timeout": _settings.redis_timeout_s,
    "write_timeout": _settings.redis_timeout_s,
}
_is_amqp = broker_url.startswith(("amqp", "pyamqp"))
broker_transport_options = {
    **(_AMQP_OPTIONS if _is_amqp else _REDIS_OPTIONS),
    # By default kombu retries for ever to open a channel, which would block a web request.
    "max_retries": 2,
    "interval_start": 0.0,
    "interval_step": 0.2,
    "interval_max": 0.5,
}

task_default_queue = "stages"
# Upkeep has its own queue, because the reconciler expects only wake-up calls in that of the stages.
task_queues = (Queue("stages"), Queue("upkeep"))
task_routes = {"upkeep.*": {"queue": "upkeep"}}
task_ignore_result = True  # results are stored in the job's hash
result_backend_thread_safe = True  # there is none; by default each thread creates its own
task_acks_late = False  # with late acknowledgement, a worker with threads exits when Redis restarts
task_serializer = "json"
accept_content = ["json"]
task_publish_retry = False  # the reconciler re-enqueues a call that cannot be sent now
task_send_sent_event = False
worker_send_task_events = _settings.task_events  # also enabled by the option `-E`

worker_pool = "threads"  # turns mostly wait: a process runs thousands of threads
worker_concurrency = _settings.worker_concurrency
worker_disable_prefetch = True  # messages stay in the queue, where the reconciler sees them
worker_prefetch_multiplier = 1  # for RabbitMQ, which does not support worker_disable_prefetch
# On RabbitMQ the control queue is exclusive per host: a second worker would exit at once.
worker_enable_remote_control = not _is_amqp
worker_hijack_root_logger = False
worker_cancel_long_running_tasks_on_connection_loss = False  # turns survive an outage
imports = ("tasks.stages", "tasks.upkeep")

_PERIODS_S = {
    "remove_expired": 60.0,
    "deliver_webhooks": 2.0,
    "sweep_uploads": 600.0,
    "submit_batches": 10.0,
    "list_playlists": 2.0,
    "delete_remote_jobs": 10.0,
}
beat_schedule = {
    # A message that no worker takes within its period is dropped: the next one replaces it.
    name: {"task": f"upkeep.{name}", "schedule": period_s, "options": {"expires": period_s}}
    for name, period_s in _PERIODS_S.items()
}
beat_schedule_filename = f"{_settings.log_dir}/celerybeat-schedule"
timezone = "UTC"
