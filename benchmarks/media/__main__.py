"""``make media``: what people really have, through the real services, against what is right.

Every input is made here from the clips of ``samples/``. The exit status is 1 when anything is
wrong.
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict
from pathlib import Path

import requests

from benchmarks.media.case import Case
from benchmarks.media.catalogue import limit, load_catalogue, pick
from benchmarks.media.chain import Chain
from benchmarks.media.odd_server import OddServer
from benchmarks.media.table import format_row, format_summary
from benchmarks.media.verdict import Result, Verdict, judge
from benchmarks.media.workshop import Workshop

_AT_A_TIME = 6


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the cases that are asked for and print the table.

    Returns:
        1 if a case is wrong, 2 if no case is of the given kind, else 0.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="*", help="kinds, or parts of kind/name")
    parser.add_argument("--seed", type=int, default=0, help="varies what is chosen at random")
    parser.add_argument("--at-a-time", type=int, default=_AT_A_TIME, help="jobs in flight")
    parser.add_argument("--keep", type=Path, help="keep inputs, logs and results in this folder")
    parser.add_argument("--list", action="store_true", help="print the cases and run none")
    parser.add_argument("--make", action="store_true", help="make the inputs and run none")
    parser.add_argument("--each", type=int, help="run so many cases of each kind at most")
    asked = parser.parse_args(arguments)
    cases = limit(pick(load_catalogue(), asked.only), asked.each)
    if asked.list:
        print("\n".join(f"{case.kind}/{case.name}" for case in cases))
        return 0
    if not cases:
        print(f"no case matches {' '.join(asked.only)}", file=sys.stderr)
        return 2
    if asked.make:
        return _make_all(cases, asked.keep or Path("build/media"), asked.seed)
    folder = asked.keep or Path(tempfile.mkdtemp(prefix="media-"))
    try:
        verdicts = _run(cases, folder, seed=asked.seed, at_a_time=asked.at_a_time)
    finally:
        if not asked.keep:
            shutil.rmtree(folder, ignore_errors=True)
    print(format_summary(verdicts))
    return 1 if any(verdict.is_wrong for verdict in verdicts) else 0


def _make_all(cases: Sequence[Case], folder: Path, seed: int) -> int:
    workshop, failed = Workshop(folder, seed), 0
    for case in cases:
        try:
            case.make(workshop, _own_folder(case, workshop))
        except (RuntimeError, OSError, ValueError) as error:
            failed += 1
            print(f"{case.kind}/{case.name}: {error}", file=sys.stderr)
    print(f"{len(cases) - failed} inputs in {folder}, {failed} failed")
    return min(failed, 1)


def _own_folder(case: Case, workshop: Workshop) -> Path:
    own = workshop.folder / case.kind / case.slug
    own.mkdir(parents=True, exist_ok=True)
    return own


def _run(cases: Sequence[Case], folder: Path, *, seed: int, at_a_time: int) -> list[Verdict]:
    inputs = folder / "inputs"
    inputs.mkdir(parents=True, exist_ok=True)
    workshop = Workshop(inputs, seed)
    verdicts = []
    with (
        OddServer(inputs) as server,
        Chain(folder / "stack") as chain,
        ThreadPoolExecutor(at_a_time) as pool,
    ):
        pending = [pool.submit(_try, case, workshop, server, chain) for case in cases]
        for done in as_completed(pending):
            verdicts.append(done.result())
            print(format_row(verdicts[-1]), flush=True)
    return sorted(verdicts, key=lambda verdict: (verdict.case.kind, verdict.case.name))


def _try(case: Case, workshop: Workshop, server: OddServer, chain: Chain) -> Verdict:
    started = time.monotonic()
    own = _own_folder(case, workshop)
    try:
        file = case.make(workshop, own)
        path = f"/{case.kind}/{case.slug}/{file}" if not file.startswith("/") else file
        outcome = chain.run(case, f"{server.url}{path}", own / file.lstrip("/"))
        (own / "outcome.json").write_text(json.dumps(asdict(outcome), indent=1))
        return judge(case, outcome, chain.find_in_public)
    except (TimeoutError, requests.RequestException) as error:
        return Verdict(case, Result.WRONG, f"{error}", time.monotonic() - started)
    except Exception:  # noqa: BLE001 - one case's failure is its verdict, the others go on
        reason = traceback.format_exc(limit=-2).replace("\n", " ")
        return Verdict(
            case, Result.WRONG, f"the harness failed: {reason}", time.monotonic() - started
        )


if __name__ == "__main__":
    sys.exit(main())
