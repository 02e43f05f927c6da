"""Many clients that follow one job: ``python -m tests.support.crowd PORT JOB_ID COUNT``.

Prints ``open`` when all streams are open, and ``ended`` when all have received the job's end.
"""

import asyncio
import resource
import sys

from tools.ports import LOOPBACK

_AT_ONCE = 20  # requests in flight: each needs a connection to Redis while it is answered


async def _follow(port: int, job_id: str, gate: asyncio.Semaphore, opened: asyncio.Event) -> None:
    async with gate:
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
        request = f"GET /jobs/{job_id}/events HTTP/1.1\r\nHost: crowd\r\n"
        writer.write(f"{request}Accept: text/event-stream\r\n\r\n".encode())
        await reader.readuntil(b"retry:")
    opened.set()
    await reader.readuntil(b"event: end")
    writer.close()


async def _report_when_open(opened: list[asyncio.Event]) -> None:
    for event in opened:
        await event.wait()
    sys.stdout.write("open\n")
    sys.stdout.flush()


async def _main(port: int, job_id: str, count: int) -> None:
    gate = asyncio.Semaphore(_AT_ONCE)
    opened = [asyncio.Event() for _ in range(count)]
    followers = [asyncio.create_task(_follow(port, job_id, gate, event)) for event in opened]
    await asyncio.gather(_report_when_open(opened), *followers)
    sys.stdout.write("ended\n")


if __name__ == "__main__":
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    asyncio.run(_main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
