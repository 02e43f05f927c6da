"""Prometheus's configuration, alerts and metrics, checked with promtool."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.project import ROOT

_MONITORING = ROOT / "deploy" / "monitoring"


def promtool(*arguments: str) -> str:
    """Run promtool and return its output; fail on any error."""
    program = shutil.which("promtool")
    if program is None:
        pytest.fail("promtool is needed; on Debian and Ubuntu: apt install prometheus")
    ended = subprocess.run(
        [program, *arguments], cwd=_MONITORING, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_the_alert_rules_are_rules() -> None:
    assert "7 rules found" in promtool("check", "rules", "alerts.yml")


def test_the_alerts_fire_when_they_should_and_only_then() -> None:
    assert "SUCCESS" in promtool("test", "rules", "alerts.test.yml")


def test_every_alert_is_tested_both_ways() -> None:
    names = set(re.findall(r"alert: (\w+)", (_MONITORING / "alerts.yml").read_text()))
    tests = (_MONITORING / "alerts.test.yml").read_text()
    quiet = set(re.findall(r"alertname: (\w+), exp_alerts: \[\]", tests))
    loud = set(re.findall(r"alertname: (\w+)\n +exp_alerts:\n +- exp_labels", tests))
    assert names == quiet == loud


def test_the_configuration_is_one() -> None:
    assert "SUCCESS" in promtool("check", "config", "--syntax-only", "prometheus.yml")


@pytest.mark.parametrize("rule", ["expr: min(ytcaption_redis_up) ==", "expr: sum by (x"])
def test_a_broken_rule_is_noticed(rule: str, tmp_path: Path) -> None:
    broken = tmp_path / "alerts.yml"
    broken.write_text(f"groups: [{{name: g, rules: [{{alert: A, '{rule}'}}]}}]")
    with pytest.raises(AssertionError):
        promtool("check", "rules", str(broken))
