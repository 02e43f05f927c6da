"""A short chaos run; ``make chaos`` runs longer ones with other seeds."""

import logging
from pathlib import Path

import pytest

from tests.support.chaos import run_chaos
from tests.support.chaos_recovery import COMPOUNDED

LOGGER = logging.getLogger("chaos")
SEED = 1
RECOVERED_WITHIN_S = 12.0
COMPOUNDED_WITHIN_S = 24.0  # Redis is down for 2 s, and recovery may take another 10 s
ON_A_BUSY_MACHINE_S = 3.0  # a run uses two cores


@pytest.mark.timeout(300)
def test_no_job_is_lost_doubled_or_stuck(tmp_path: Path) -> None:
    report = run_chaos(SEED, rounds=1, directory=tmp_path)
    LOGGER.info("%s\n%s", report.plan, report.recovery)
    LOGGER.info("late writes refused: %d of %d", report.refused_writes, report.lost_leases)
    assert report.problems == (), f"seed {SEED}"
    for cause, seconds in report.recovery.seconds.items():
        limit_s = COMPOUNDED_WITHIN_S if COMPOUNDED in cause else RECOVERED_WITHIN_S
        assert max(seconds) < limit_s + ON_A_BUSY_MACHINE_S, f"{cause}, seed {SEED}"
    assert report.refused_writes >= report.lost_leases > 0, f"seed {SEED}"
