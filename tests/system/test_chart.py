"""The Helm chart is valid for Helm and Kubernetes, and matches docs/how-to/deploy.md."""

from collections.abc import Iterator
from typing import Any

import pytest

from orchestrator.settings import Settings
from tests.support.chart import KUBERNETES, lint, render, schema_faults

_SERVICES = ("video-downloader", "audio-normalization", "audio-transcriber")
_DEPLOYMENTS = {
    *("captions-api", "captions-worker", "captions-beat"),
    *(f"captions-{name}{kind}" for name in _SERVICES for kind in ("", "-worker")),
}
_EVERYTHING = {
    "existingSecret": "keys",
    "worker__keda__enabled": "true",
    "api__ingress__enabled": "true",
    "api__ingress__host": "captions.test",
    "api__ingress__tlsSecret": "certificate",
    "image__pullSecrets[0]__name": "registry",
    "nodeSelector__disk": "ssd",
    "services__audio-transcriber__settings__ARTIFACTS_URL": "s3://bucket/transcriber",
}
_NOTHING = {
    "networkPolicy__enabled": "false",
    "api__autoscaling__enabled": "false",
    "services__audio-transcriber__worker__autoscaling__enabled": "false",
}
_CHOICES = pytest.mark.parametrize(
    "values", [{}, _EVERYTHING, _NOTHING], ids=["default", "everything", "nothing"]
)


def _pods(**values: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for (kind, name), one in render(**values).items():
        if kind == "Deployment":
            yield name, one["spec"]["template"]["spec"]


def _allows(policy: dict[str, Any], direction: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = policy["spec"].get(direction, [])
    return found


@_CHOICES
def test_helm_finds_nothing_wrong(values: dict[str, str]) -> None:
    assert "0 chart(s) failed" in lint(**values)


@_CHOICES
@pytest.mark.parametrize("version", KUBERNETES)
def test_the_schemas_of_kubernetes_accept_it(version: str, values: dict[str, str]) -> None:
    faults = schema_faults(version, **values)

    assert [line for line in faults if "ScaledObject" not in line] == []  # KEDA's own kind


def test_a_fault_is_found() -> None:
    with pytest.raises(AssertionError, match="replicas"):
        schema_faults(KUBERNETES[-1], worker__replicas="many")


def test_every_process_has_its_deployment() -> None:
    assert {name for name, _ in _pods()} == _DEPLOYMENTS


@_CHOICES
def test_no_pod_is_root_or_can_write_to_itself(values: dict[str, str]) -> None:
    for name, pod in _pods(**values):
        assert pod["securityContext"]["runAsNonRoot"], name
        for container in pod["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert {"requests", "limits"} == container["resources"].keys()


def test_every_pod_is_probed() -> None:
    for name, pod in _pods():
        probes = {"startupProbe", "livenessProbe"}
        serves = "ports" in pod["containers"][0]
        wanted = probes | {"readinessProbe"} if serves else probes
        assert wanted <= pod["containers"][0].keys(), name


def test_pods_are_given_longer_to_end_than_their_transfers() -> None:
    longest_s = Settings.model_fields["shutdown_transfer_s"].default

    assert all(pod["terminationGracePeriodSeconds"] > longest_s for _, pod in _pods())


def test_a_secret_that_is_there_is_mounted_and_in_no_environment() -> None:
    for name, pod in _pods(existingSecret="keys"):
        secrets = [
            volume["secret"]["secretName"] for volume in pod["volumes"] if "secret" in volume
        ]
        assert secrets == ["keys"], name
        mounts = {mount["mountPath"] for mount in pod["containers"][0]["volumeMounts"]}
        assert "/run/secrets" in mounts
        assert all("valueFrom" not in one for one in pod["containers"][0]["env"])


def test_workers_scale_with_the_age_of_the_oldest_waiting_job() -> None:
    found = render(worker__keda__enabled="true")

    scaled = found["ScaledObject", "captions-worker"]["spec"]
    assert scaled["scaleTargetRef"] == {"name": "captions-worker"}
    (trigger,) = scaled["triggers"]
    assert "ytcaption_queue_oldest_wait_seconds" in trigger["metadata"]["query"]
    # Two that set the same number would undo one another.
    assert "replicas" not in found["Deployment", "captions-worker"]["spec"]


def test_what_an_autoscaler_sets_no_deployment_sets() -> None:
    found = render()
    scaled = {name for kind, name in found if kind == "HorizontalPodAutoscaler"}

    assert scaled == {"captions-api", "captions-audio-transcriber-worker"}
    assert all("replicas" not in found["Deployment", name]["spec"] for name in scaled)


def test_what_has_several_pods_keeps_some_while_nodes_are_drained() -> None:
    kept = {name for kind, name in render() if kind == "PodDisruptionBudget"}

    workers = {f"captions-{name}-worker" for name in _SERVICES}
    assert kept == {"captions-api", "captions-worker"} | workers


def test_who_reads_what_strangers_send_reaches_nothing_outside() -> None:
    found = render()
    outside = {
        name
        for (kind, name), one in found.items()
        if kind == "Deployment"
        and "ytcaption/outside" in one["spec"]["template"]["metadata"]["labels"]
    }

    assert outside == {
        *("captions-api", "captions-worker"),
        *("captions-video-downloader-worker", "captions-audio-transcriber-worker"),
    }
    (rule,) = _allows(found["NetworkPolicy", "captions-outside"], "egress")
    assert all(block["ipBlock"]["except"] for block in rule["to"])


def test_from_elsewhere_only_the_api_is_reached() -> None:
    found = render()
    open_to_all = [
        policy["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/component"]
        for (kind, _), policy in found.items()
        if kind == "NetworkPolicy"
        for rule in _allows(policy, "ingress")
        if "from" not in rule
    ]

    assert open_to_all == ["api"]


def test_a_service_in_object_storage_has_no_volume() -> None:
    claims = {name for kind, name in render(**_EVERYTHING) if kind == "PersistentVolumeClaim"}

    assert claims == {
        *("captions-uploads", "captions-video-downloader", "captions-audio-normalization"),
    }
