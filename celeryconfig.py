"""Celery's own settings. Each that is not Celery's default says why.

Read when the Celery app is first used, not when it is imported.
"""

from kombu import Queue

from orchestrator.settings import load_settings
from tasks.broker_address import broker_address, sentinel_options

_settings = load_settings()

broker_url = broker_address(_settings)
broker_connection_retry_on_startup = True
broker_connection_max_retries = None  # Redis may be away for long; a worker waits for it
_REDIS_OPTIONS = {
    # Every Celery app on a Redis has a prefix of its own, or one restores another's messages.
    "global_keyprefix": "orchestrator:broker:",
    # A message is only a wake-up call, so no books are kept on it: a third less CPU, and no
    # late doubles after a visibility timeout. Works only with worker_disable_prefetch.
    "ack_emulation": False,
    # The default waits for ever on a dead connection, and so would POST /pipeline.
    "socket_timeout": _settings.redis_timeout_s,
    "socket_connect_timeout": _settings.redis_timeout_s,
    "socket_keepalive": True,
    "health_check_interval": 25,
    **sentinel_options(_settings),
}
_AMQP_OPTIONS = {
    # RabbitMQ says that it has a message, before the API says that it is on its way.
    "confirm_publish": True,
    "connect_timeout": _settings.redis_timeout_s,
    "read_timeout": _settings.redis_timeout_s,
    "write_timeout": _settings.redis_timeout_s,
}
_is_amqp = broker_url.startswith(("amqp", "pyamqp"))
broker_transport_options = {
    **(_AMQP_OPTIONS if _is_amqp else _REDIS_OPTIONS),
    # kombu would try for ever to open a channel; a web request may not wait for that.
    "max_retries": 2,
    "interval_start": 0.0,
    "interval_step": 0.2,
    "interval_max": 0.5,
}

task_default_queue = "stages"
# Upkeep has a queue of its own: in that of the stages only wake-up calls are looked for.
task_queues = (Queue("stages"), Queue("upkeep"))
task_routes = {"upkeep.*": {"queue": "upkeep"}}
task_ignore_result = True  # the job hash is the truth; nobody reads a result
result_backend_thread_safe = True  # one that keeps nothing is; by default each thread looks it up
task_acks_late = False  # late ones end a threaded worker when Redis restarts
task_serializer = "json"
accept_content = ["json"]
task_publish_retry = False  # a call that cannot be enqueued now is made anew by the reconciler
task_send_sent_event = False
worker_send_task_events = _settings.task_events  # or with `-E`, where a monitor listens

worker_pool = "threads"  # a turn mostly waits: threads carry thousands, processes a handful
worker_concurrency = _settings.worker_concurrency
worker_disable_prefetch = True  # messages stay in the queue, where the reconciler sees them
worker_prefetch_multiplier = 1  # where the broker knows no other way (RabbitMQ): no more than fit
# On RabbitMQ its queue belongs to one worker of a machine: a second one would end at once.
worker_enable_remote_control = not _is_amqp
worker_hijack_root_logger = False
worker_cancel_long_running_tasks_on_connection_loss = False  # turns live through an outage
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
    # A message that no worker took before the next one came is dropped, not done twice.
    name: {"task": f"upkeep.{name}", "schedule": period_s, "options": {"expires": period_s}}
    for name, period_s in _PERIODS_S.items()
}
beat_schedule_filename = f"{_settings.log_dir}/celerybeat-schedule"
timezone = "UTC"
