"""``make media``: many kinds of media, processed by the real services and checked.

All inputs are generated from the clips of ``samples/``. The exit status is 1 if any result is
wrong.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.media.case import Case
from benchmarks.media.catalogue import limit, load_catalogue, pick
from benchmarks.media.runner import AT_A_TIME, make_input, run_cases
from benchmarks.media.table import format_row, format_summary
from benchmarks.media.workshop import Workshop

# In this run, a downloader receives several times the maximum file size (64 MiB).
_MOST_DOWNLOADER_BYTES = 350 * 2**20


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the selected cases and print the table.

    Returns:
        1 if a case is wrong, 2 if no case matches, else 0.
    """
    asked = _parse(arguments)
    cases = limit(pick(load_catalogue(), asked.only), asked.each)
    if not cases:
        print(f"no case matches {' '.join(asked.only)}", file=sys.stderr)
        return 2
    if asked.list:
        print("\n".join(f"{case.kind}/{case.slug}: {case.name}" for case in cases))
        return 0
    if asked.make:
        return _make_all(cases, asked.keep or Path("build/media"), asked.seed)
    folder = asked.keep or Path(tempfile.mkdtemp(prefix="media-"))
    try:
        return _run(cases, folder, asked)
    finally:
        if not asked.keep:
            shutil.rmtree(folder, ignore_errors=True)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.media", description=__doc__)
    parser.add_argument("only", nargs="*", help="kinds, or parts of KIND/NAME as --list shows it")
    parser.add_argument("--seed", type=int, default=0, help="seed of all random choices")
    parser.add_argument("--each", type=int, help="maximum number of cases of each kind")
    parser.add_argument("--at-a-time", type=int, default=AT_A_TIME, help="jobs in flight")
    parser.add_argument("--keep", type=Path, help="keep inputs, logs and results in this folder")
    parser.add_argument("--list", action="store_true", help="only print the cases")
    parser.add_argument("--make", action="store_true", help="only generate the inputs")
    return parser.parse_args(arguments)


def _run(cases: Sequence[Case], folder: Path, asked: argparse.Namespace) -> int:
    run = run_cases(
        cases,
        folder,
        seed=asked.seed,
        at_a_time=asked.at_a_time,
        on_verdict=lambda verdict: print(format_row(verdict), flush=True),
    )
    print(format_summary(run.verdicts))
    is_large = run.downloader_bytes > _MOST_DOWNLOADER_BYTES
    limit_text = f"limit {_MOST_DOWNLOADER_BYTES >> 20} MiB"
    print(f"peak memory of a downloader process: {run.downloader_bytes >> 20} MiB ({limit_text})")
    return int(is_large or any(verdict.is_wrong for verdict in run.verdicts))


def _make_all(cases: Sequence[Case], folder: Path, seed: int) -> int:
    workshop, failed = Workshop(folder, seed), 0
    for case in cases:
        try:
            make_input(case, workshop)
        except (RuntimeError, OSError, ValueError) as error:
            failed += 1
            print(f"{case.kind}/{case.name}: {error}", file=sys.stderr)
    print(f"{len(cases) - failed} inputs in {folder}, {failed} failed")
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())
