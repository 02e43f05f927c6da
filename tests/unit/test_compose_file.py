"""Guarantees of docker-compose.yml for all containers, including those that no test starts."""

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from tests.support.project import ROOT

_FILE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
_SERVICES: dict[str, dict[str, Any]] = _FILE["services"]
_ALL = pytest.mark.parametrize("name", _SERVICES)
_PUBLISHED_NAMES = {
    *("orchestrator", "orchestrator-celery", "redis"),
    *("video-downloader", "video-downloader-celery"),
    *("audio-normalization", "audio-normalization-celery"),
    *("audio-transcriber", "audio-transcriber-celery"),
}


def test_containers_have_the_names_that_the_first_api_had() -> None:
    assert "version" not in _FILE
    assert _SERVICES.keys() >= _PUBLISHED_NAMES
    assert _SERVICES["redis"]["container_name"] == "ytcaption-redis"


@_ALL
def test_ports_are_published_on_loopback_only(name: str) -> None:
    ports: list[str] = _SERVICES[name].get("ports", [])
    assert all(port.startswith("127.0.0.1:") for port in ports)


@_ALL
def test_a_container_has_limits_and_few_rights(name: str) -> None:
    container = _SERVICES[name]
    limits = container["deploy"]["resources"]["limits"]
    assert limits.keys() == {"memory", "pids"}
    assert container["read_only"]
    assert container["cap_drop"] == ["ALL"]
    assert container["security_opt"] == ["no-new-privileges:true"]
    assert container["logging"]["options"].keys() == {"max-size", "max-file"}
    assert container["restart"] == "unless-stopped"


@_ALL
def test_images_of_others_are_pinned_and_ours_are_built(name: str) -> None:
    image, _, tag = _SERVICES[name]["image"].partition(":")
    if image.startswith("ytcaption/"):
        assert "build" in _SERVICES[name]
    else:
        assert tag not in {"", "latest"}


@_ALL
def test_what_needs_redis_waits_until_it_is_healthy(name: str) -> None:
    needs = _SERVICES[name]["depends_on"]
    is_ours = _SERVICES[name]["image"].startswith("ytcaption/")
    assert needs == ({"redis": {"condition": "service_healthy"}} if is_ours else {})


def test_redis_writes_everything_down_and_throws_nothing_away() -> None:
    assert "--appendonly yes" in _SERVICES["redis"]["command"]
    assert "--maxmemory-policy noeviction" in _SERVICES["redis"]["command"]
    assert "--hash-max-listpack-value 1024" in _SERVICES["redis"]["command"]
    assert "redis-data:/data" in _SERVICES["redis"]["volumes"]
    assert "redis-data" in _FILE["volumes"]


def test_what_not_everybody_needs_is_in_a_profile() -> None:
    profiles = {name: one["profiles"] for name, one in _SERVICES.items() if "profiles" in one}
    assert profiles == {
        "audio-transcriber-celery-gpu": ["gpu"],
        "grafana": ["monitoring"],
        "minio": ["s3"],
        "prometheus": ["monitoring"],
    }


def test_grafana_finds_the_prometheus_and_the_dashboard() -> None:
    provisioning = ROOT / "deploy" / "compose" / "grafana"
    (source,) = yaml.safe_load((provisioning / "datasources" / "prometheus.yml").read_text())[
        "datasources"
    ]
    (folder,) = yaml.safe_load((provisioning / "dashboards" / "ytcaption.yml").read_text())[
        "providers"
    ]
    mounts = dict(volume.split(":")[:2] for volume in _SERVICES["grafana"]["volumes"])
    assert source["url"] == "http://prometheus:9090"
    assert mounts["./deploy/compose/grafana"] == "/etc/grafana/provisioning"
    assert mounts["./deploy/monitoring"] == folder["options"]["path"]
    assert (ROOT / "deploy" / "monitoring" / "dashboard.json").exists()


def test_prometheus_asks_containers_that_there_are() -> None:
    text = (ROOT / "deploy" / "monitoring" / "prometheus.yml").read_text()
    asked = {
        target.partition(":")[0]
        for job in yaml.safe_load(text)["scrape_configs"]
        for kind in ("static_configs", "dns_sd_configs")
        for group in job.get(kind, [])
        for target in group.get("targets", group.get("names", []))
    }
    assert asked <= _SERVICES.keys()
    assert len(asked) == 5


@pytest.mark.parametrize("name", ["orchestrator", "orchestrator-celery", "orchestrator-beat"])
@pytest.mark.parametrize("variable", ["NO_PROXY", "no_proxy"])
def test_the_services_are_reached_without_the_proxy_that_docker_is_set_to(
    name: str, variable: str
) -> None:
    stack = (ROOT / "deploy" / "compose" / "stack.env").read_text()
    urls = re.findall(r"^\w+_URL=(http://\S+:80\S+)$", stack, re.MULTILINE)
    hosts = {urlsplit(url).hostname for url in urls}
    assert len(hosts) == 3
    assert hosts < set(_SERVICES[name]["environment"][variable].split(","))
