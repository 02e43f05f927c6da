"""``make doctor``: checks everything that the system depends on, and says what to change.

It changes nothing. The exit status is 1 if there is a problem; warnings alone do not count.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Final

from foundation.redaction import redact
from orchestrator.errors import SettingsError
from orchestrator.settings import load_settings
from tools.doctor.finding import Finding, Verdict, problem
from tools.doctor.machine import examine_machine
from tools.doctor.redis_server import examine_redis
from tools.doctor.services import examine_services
from tools.doctor.settings import examine_settings

_MARKS: Final = {Verdict.WELL: "ok", Verdict.WARNING: "warn", Verdict.PROBLEM: "FAIL"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Check the system that the environment (and ``.env``) describes.

    Returns:
        0 without problems, 1 otherwise.
    """
    parser = argparse.ArgumentParser(prog="python -m tools.doctor", description=main.__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    findings = examine()
    print(_to_json(findings) if options.json else _to_text(findings))
    return int(_is_sick(findings))


def examine() -> list[Finding]:
    """Return all findings."""
    try:
        settings = load_settings()
    except SettingsError as error:
        hint = "see docs/reference/settings.md; nothing else was checked"
        return [problem("settings", str(error), hint)]
    found = [
        *examine_settings(settings),
        *examine_redis(settings),
        *examine_services(settings),
        *examine_machine(settings),
    ]
    return [replace(finding, fact=redact(finding.fact)) for finding in found]


def _is_sick(findings: Sequence[Finding]) -> bool:
    return any(finding.verdict is Verdict.PROBLEM for finding in findings)


def _to_json(findings: Sequence[Finding]) -> str:
    told = {"healthy": not _is_sick(findings), "findings": [asdict(one) for one in findings]}
    return json.dumps(told, indent=2, ensure_ascii=False)


def _to_text(findings: Sequence[Finding]) -> str:
    width = max(len(finding.area) for finding in findings)
    lines = []
    for finding in findings:
        lines.append(f"{_MARKS[finding.verdict]:4}  {finding.area:{width}}  {finding.fact}")
        if finding.advice:
            lines.append(f"{'':4}  {'':{width}}  -> {finding.advice}")
    count = {verdict: sum(one.verdict is verdict for one in findings) for verdict in Verdict}
    lines += ["", f"{count[Verdict.PROBLEM]} problems, {count[Verdict.WARNING]} warnings"]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
