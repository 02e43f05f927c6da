"""Runs cases on one system, several at a time."""

import json
import time
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path

import requests

from benchmarks.media.case import Case
from benchmarks.media.chain import Chain
from benchmarks.media.odd_server import OddServer
from benchmarks.media.verdict import Result, Verdict, judge
from benchmarks.media.workshop import Workshop

AT_A_TIME = 6


@dataclass(frozen=True)
class Run:
    """The results of a run."""

    verdicts: tuple[Verdict, ...]
    """Verdicts by kind and name."""
    downloader_bytes: int
    """Peak memory of a downloader process."""


def run_cases(
    cases: Sequence[Case],
    folder: Path,
    *,
    seed: int = 0,
    at_a_time: int = AT_A_TIME,
    on_verdict: Callable[[Verdict], None] = lambda _verdict: None,
) -> Run:
    """Generate the inputs, run their jobs and check the results.

    Args:
        cases: The cases to run.
        folder: For inputs, results and logs.
        seed: Seed of all random choices.
        at_a_time: Jobs in flight.
        on_verdict: Called with each verdict.
    """
    workshop = Workshop(folder / "inputs", seed)
    workshop.folder.mkdir(parents=True, exist_ok=True)
    verdicts = []
    with (
        OddServer(workshop.folder) as server,
        Chain(folder / "stack") as chain,
        ThreadPoolExecutor(at_a_time) as pool,
    ):
        pending = [pool.submit(_try, case, workshop, server, chain) for case in cases]
        for done in as_completed(pending):
            verdicts.append(done.result())
            on_verdict(verdicts[-1])
        memory = chain.measure_peak_bytes("services.downloader")
    verdicts.sort(key=lambda verdict: (verdict.case.kind, verdict.case.name))
    return Run(tuple(verdicts), memory)


def make_input(case: Case, workshop: Workshop) -> tuple[str, Path]:
    """Generate a case's input.

    Returns:
        Its path on the server, and the file if it is one.
    """
    own = workshop.folder / case.kind / case.slug
    own.mkdir(parents=True, exist_ok=True)
    made = case.make(workshop, own)
    path = made if made.startswith("/") else f"/{case.kind}/{case.slug}/{made}"
    return path, own / made.lstrip("/")


def _try(case: Case, workshop: Workshop, server: OddServer, chain: Chain) -> Verdict:
    started = time.monotonic()
    try:
        path, file = make_input(case, workshop)
        outcome = chain.run(case, f"{server.url}{path}", file)
        result = workshop.folder / case.kind / case.slug / "outcome.json"
        result.write_text(json.dumps(asdict(outcome), indent=1))
        return judge(case, outcome, chain.find_in_public)
    except (TimeoutError, requests.RequestException) as error:
        return Verdict(case, Result.WRONG, f"{error}", time.monotonic() - started)
    except Exception:  # noqa: BLE001 - the failure of one case is its verdict, the others go on
        reason = traceback.format_exc(limit=-2).replace("\n", " ")
        text = f"the harness failed: {reason}"
        return Verdict(case, Result.WRONG, text, time.monotonic() - started)
