"""Reading what wrk prints."""

import pytest

from benchmarks.harness.wrk import Answered, middle, read_output

OUTPUT = """Running 6s test @ http://127.0.0.1:8000/pipeline
  1 threads and 50 connections
  Latency Distribution
     50%   60.51ms
     99%  {p99}
  2962 requests in 6.03s, 1.53MB read
{trouble}Requests/sec:    491.32
Transfer/sec:    260.02KB
"""


@pytest.mark.parametrize(
    ("p99", "seconds"), [("427.10ms", 0.4271), ("1.20s", 1.2), ("900.00us", 9e-4)]
)
def test_rate_and_latency_are_read_in_every_unit(p99: str, seconds: float) -> None:
    answered = read_output(OUTPUT.format(p99=p99, trouble=""))

    assert (answered.per_s, answered.refused) == (491.32, 0)
    assert answered.p99_s == pytest.approx(seconds)


def test_refusals_and_lost_calls_are_counted_together() -> None:
    trouble = (
        "  Socket errors: connect 0, read 2, write 0, timeout 1\n  Non-2xx or 3xx responses: 7\n"
    )

    assert read_output(OUTPUT.format(p99="1.0ms", trouble=trouble)).refused == 10


def test_other_output_is_refused() -> None:
    with pytest.raises(ValueError, match="not wrk's"):
        read_output("unable to connect")


def test_the_middle_of_rounds_keeps_every_refusal() -> None:
    rounds = [Answered(500.0, 0.3, 1), Answered(700.0, 0.1, 0), Answered(600.0, 0.2, 2)]

    assert middle(rounds) == Answered(600.0, 0.2, 3)
