"""wrk, which asks a web server as fast as it answers."""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

__all__ = ["Answered", "is_there", "middle", "run_wrk"]

_THREADS = 1  # the server needs the cores more
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
    """What wrk has seen."""

    per_s: float
    p99_s: float
    refused: int
    """Answers that were not 2xx or 3xx, and calls without any."""


def is_there() -> bool:
    """Tell whether this machine has wrk; on Debian and Ubuntu: ``apt install wrk``."""
    return shutil.which("wrk") is not None


def run_wrk(
    url: str,
    *,
    clients: int,
    duration_s: int,
    headers: Mapping[str, str] | None = None,
    submits: str | None = None,
) -> Answered:
    """Keep so many connections busy for a while.

    Args:
        url: What is asked for.
        clients: Connections.
        duration_s: How long, in seconds.
        headers: Sent with every request.
        submits: Sends jobs, each for a video of its own, whose names begin with this.
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
    """Return the medians of some rounds, and all that was refused in them."""
    return Answered(
        median(one.per_s for one in rounds),
        median(one.p99_s for one in rounds),
        sum(one.refused for one in rounds),
    )


def read_output(output: str) -> Answered:
    """Read what wrk prints.

    Raises:
        ValueError: It is not wrk's.
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
