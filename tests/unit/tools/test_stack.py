"""The processes on one machine depend on the environment only."""

import pytest

from tools.stack import SERVICES, loopback_without_proxy, plan_stack

_PROCFILE = {
    "redis": "redis",
    "api": "api",
    "worker": "worker",
    "beat": "beat",
    "downloader": "web",
    "downloader-worker": "work",
    "normalizer": "web",
    "normalizer-worker": "work",
    "transcriber": "web",
    "transcriber-worker": "work",
}


def test_everything_is_started_where_nothing_is_set() -> None:
    stack = plan_stack({}, redis_port=6379)
    assert stack.processes(_PROCFILE) == _PROCFILE
    assert stack.ports() == {
        "api": 8000,
        "downloader": 8001,
        "normalizer": 8002,
        "transcriber": 8003,
    }


def test_a_redis_server_that_is_named_is_used_and_none_is_started() -> None:
    stack = plan_stack({"REDIS_URL": "redis://cache.example:6380/1"}, redis_port=6379)
    assert "redis" not in stack.processes(_PROCFILE)
    assert stack.environment["REDIS_URL"] == "redis://cache.example:6380/1"


def test_the_own_redis_server_is_used_on_the_port_it_was_given() -> None:
    assert plan_stack({}, redis_port=7001).environment["REDIS_URL"] == "redis://127.0.0.1:7001/0"
    chosen = plan_stack({"REDIS_PORT": "7002"}, redis_port=7001)
    assert chosen.environment["REDIS_URL"] == "redis://127.0.0.1:7002/0"


def test_a_service_on_another_machine_is_not_started_here() -> None:
    environment = {"AUDIO_TRANSCRIBER_URL": "http://gpu.example:8003/"}
    stack = plan_stack(environment, redis_port=6379)
    assert {"transcriber", "transcriber-worker"}.isdisjoint(stack.processes(_PROCFILE))
    assert {"normalizer", "normalizer-worker"} <= set(stack.processes(_PROCFILE))
    assert "transcriber" not in stack.ports()
    assert stack.health_addresses()["transcriber"] == "http://gpu.example:8003/health/ready"


def test_flower_runs_only_with_a_password_and_then_has_something_to_show() -> None:
    procfile = {**_PROCFILE, "flower": "flower"}
    bare = plan_stack({"FLOWER_BASIC_AUTH": ""}, redis_port=6379)
    assert bare.processes(procfile) == _PROCFILE
    assert "TASK_EVENTS" not in bare.environment

    stack = plan_stack({"FLOWER_BASIC_AUTH": "ann:secret", "HOST": "10.0.0.5"}, redis_port=6379)
    assert "flower" in stack.processes(procfile)
    assert stack.ports()["flower"] == 5555
    assert stack.process_environment("flower")["HOST"] == "127.0.0.1"
    assert stack.process_environment("worker")["TASK_EVENTS"] == "true"
    assert stack.process_environment("api")["FLOWER_URL"] == "http://127.0.0.1:5555"
    assert stack.health_addresses()["flower"] == "http://127.0.0.1:5555/healthcheck"


def test_a_service_listens_where_its_address_says() -> None:
    environment = {"VIDEO_DOWNLOADER_URL": "http://localhost:9001"}
    stack = plan_stack(environment, redis_port=6379)
    assert stack.process_environment("downloader")["PORT"] == "9001"
    assert stack.process_environment("api")["PORT"] == "8000"


def test_each_service_keeps_its_artifacts_apart_and_both_its_processes_find_them() -> None:
    stack = plan_stack({"DATA_DIR": "data"}, redis_port=6379)
    directories = {s.name: stack.process_environment(s.name)["ARTIFACTS_DIR"] for s in SERVICES}
    assert len(set(directories.values())) == len(SERVICES)
    worker = stack.process_environment("normalizer-worker")
    assert worker["ARTIFACTS_DIR"] == directories["normalizer"]


def test_what_sizes_the_orchestrator_does_not_reach_the_services() -> None:
    environment = {"WORKER_CONCURRENCY": "256", "WORKERS": "4", "HOST": "192.0.2.1"}
    stack = plan_stack(environment, redis_port=6379)
    service = stack.process_environment("transcriber-worker")
    assert {"WORKER_CONCURRENCY", "WORKERS"}.isdisjoint(service)
    assert service["HOST"] == "127.0.0.1"
    assert environment.items() <= stack.process_environment("worker").items()


@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
def test_a_proxy_for_the_outside_is_not_used_on_loopback(name: str) -> None:
    stack = plan_stack({"NO_PROXY": "intranet.example"}, redis_port=6379)
    assert stack.environment[name] == "intranet.example,127.0.0.1,localhost"


def test_hosts_that_are_reached_directly_are_kept_under_either_name_and_named_once() -> None:
    given = {"no_proxy": "a.example, 127.0.0.1", "NO_PROXY": "b.example,a.example"}
    direct = "b.example,a.example,127.0.0.1,localhost"
    assert loopback_without_proxy(given) == {"NO_PROXY": direct, "no_proxy": direct}


def test_an_empty_variable_counts_as_unset() -> None:
    stack = plan_stack({"REDIS_URL": "", "PORT": ""}, redis_port=6379)
    assert stack.has_own_redis
    assert stack.environment["PORT"] == "8000"
