"""Work that executes the commands in a file and writes an artifact."""

import subprocess
import time
from pathlib import Path

from services.kit.work import Artifact, JobContext, WorkError

_PAUSE_S = 0.02


def run(context: JobContext) -> Artifact:
    """Write a greeting as soon as the submission's ``script`` allows it.

    The script holds a percentage, which is reported; or ``done``, ``fail``, ``crash``, or
    ``hang``, which waits for another process and reports nothing.
    """
    script = context.options["script"]
    while script and (word := Path(script).read_text()) != "done":
        if word == "fail":
            raise WorkError("not_audio", "There is nothing to hear.")
        if word == "crash":
            raise RuntimeError("a fault of the work")
        if word == "hang":
            _hang(context)
        context.report(float(word or 0), status="greeting", details={"word": word})
        context.publish("greeting", {"text": word})
        context.save_checkpoint({"word": word})
        time.sleep(_PAUSE_S)
    return _greet(context)


def _hang(context: JobContext) -> None:
    with subprocess.Popen(["sleep", "600"]) as process:
        context.report(50, status="hanging", details={"pid": process.pid})


def _greet(context: JobContext) -> Artifact:
    path = context.work_dir / "greeting.txt"
    path.write_text(f"Hello, {context.options['name']}!")
    return Artifact(
        path,
        "greeting.txt",
        "text/plain",
        details={"length": path.stat().st_size, "checkpoint": context.checkpoint},
        documents={"greeting": {"text": path.read_text()}},
    )
