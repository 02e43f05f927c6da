"""wrk, an HTTP load generator."""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

__all__ = ["Answered", "is_there", "middle", "run_wrk"]

_THREADS = 1  # leaves the cores to the server
_POST = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
local sent = 0
function request()
  sent = sent + 1
  local body = '{"youtube_url": "http://video.test/wrk-%s-' .. sent .. '"}'
  return wrk.format(nil, nil, nil, body)
end
"""


@dataclass(frozen=True)
class Answered:
    """The results of wrk."""

    per_s: float
    p99_s: float
    refused: int
    """Responses other than 2xx and 3xx, and failed requests."""


def is_there() -> bool:
    """Return whether wrk is installed; on Debian and Ubuntu: ``apt install wrk``."""
    return shutil.which("wrk") is not None


def run_wrk(
    url: str,
    *,
    clients: int,
    duration_s: int,
    headers: Mapping[str, str] | None = None,
    submits: str | None = None,
) -> Answered:
    """Send requests over several connections for a duration.

    Args:
        url: The URL of all requests.
        clients: Number of connections.
        duration_s: The duration, in seconds.
        headers: Headers of every request.
        submits: If set, submit jobs for different videos with this prefix.
    """
    command = ["wrk", f"-t{_THREADS}", f"-c{clients}", f"-d{duration_s}s", "--latency"]
    for name, value in (headers or {}).items():
        command += ["-H", f"{name}: {value}"]
    with tempfile.TemporaryDirectory() as directory:
        if submits is not None:
            script = Path(directory) / "post.lua"
            script.write_text(_POST % submits)
            command += ["-s", str(script)]
        done = subprocess.run(  # noqa: S603 - our own arguments
            [*command, url], check=True, capture_output=True, text=True
        )
    return read_output(done.stdout)


def middle(rounds: Sequence[Answered]) -> Answered:
    """Return the medians of several rounds, and the sum of their errors."""
    return Answered(
        median(one.per_s for one in rounds),
        median(one.p99_s for one in rounds),
        sum(one.refused for one in rounds),
    )


def read_output(output: str) -> Answered:
    """Parse the output of wrk.

    Raises:
        ValueError: It is not wrk's output.
    """
    rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s|m)\b", output)
    if rate is None or p99 is None:
        raise ValueError(f"not wrk's output: {output}")
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    errors = re.search(
        r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", output
    )
    unit_s = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}[p99[2]]
    lost = sum(map(int, errors.groups())) if errors else 0
    return Answered(
        float(rate[1]), float(p99[1]) * unit_s, int(refused[1] if refused else 0) + lost
    )
