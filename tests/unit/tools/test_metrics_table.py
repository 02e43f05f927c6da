"""The page of metrics is up to date, and dashboard and alerts use existing metrics only."""

import json
import re
from collections.abc import Iterator

import pytest

from orchestrator.telemetry.metrics.catalogue import CATALOGUE
from tests.support.project import ROOT
from tools.metrics_table import PAGE, render, sample_names

_MONITORING = ROOT / "deploy" / "monitoring"
_NAME = re.compile(r"\bytcaption_\w+")
_BY = re.compile(r"by \(([^)]*)\)")
_LABELS = {label for metric in CATALOGUE for label in metric.labels} | {"le", "service", "queue"}


def dashboard_queries() -> Iterator[str]:
    dashboard = json.loads((_MONITORING / "dashboard.json").read_text())
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            yield target["expr"]


def test_the_page_of_metrics_is_up_to_date() -> None:
    assert PAGE.read_text() == render(), "run: make docs-settings"


def test_a_histogram_is_queried_by_its_parts() -> None:
    names = sample_names()
    assert "ytcaption_stage_wait_seconds_bucket" in names
    assert "ytcaption_stage_wait_seconds" not in names
    assert "ytcaption_service_up" in names


@pytest.mark.parametrize("query", list(dashboard_queries()))
def test_the_dashboard_uses_existing_metrics(query: str) -> None:
    names = _NAME.findall(query)
    assert names
    assert set(names) <= sample_names(), query
    labels = {label.strip() for found in _BY.findall(query) for label in found.split(",")}
    assert labels <= _LABELS | {"method", "route", "status"}, query


@pytest.mark.parametrize("file", ["alerts.yml", "alerts.test.yml"])
def test_the_alerts_use_existing_metrics(file: str) -> None:
    names = set(_NAME.findall((_MONITORING / file).read_text()))
    assert names
    assert names <= sample_names()


def test_every_metric_is_on_the_dashboard() -> None:
    asked = " ".join(dashboard_queries())
    missing = {metric.name for metric in CATALOGUE if metric.name not in asked}
    assert not missing


def test_the_dashboard_s_panels_do_not_overlap() -> None:
    panels = json.loads((_MONITORING / "dashboard.json").read_text())["panels"]
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        at = panel["gridPos"]
        columns, rows = range(at["x"], at["x"] + at["w"]), range(at["y"], at["y"] + at["h"])
        cells = {(column, row) for column in columns for row in rows}
        assert not cells & taken, panel["title"]
        assert max(columns) < 24
        taken |= cells
