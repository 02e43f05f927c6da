"""The command line ``ytcaption``: commands, global options and error output."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from ytcaption import __version__
from ytcaption.commands import jobs, operator, transcribe, watch
from ytcaption.commands.exits import exit_code_of
from ytcaption.commands.screen import Screen
from ytcaption.commands.session import Session, session_of
from ytcaption.errors import ApiError, YTCaptionError
from ytcaption.logins import hide_logins

__all__ = ["app", "run"]

app = typer.Typer(
    help="Transcribe videos and audio files with a YTCaption API.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
for _command in (
    transcribe.transcribe,
    transcribe.wait,
    transcribe.transcript,
    transcribe.audio,
    jobs.jobs,
    watch.watch,
    jobs.show,
    jobs.events,
    jobs.cancel,
    jobs.retry,
    jobs.delete,
    operator.health,
    operator.stats,
):
    app.command()(_command)


def run(arguments: Sequence[str]) -> None:
    """Run a command line and exit.

    Raises:
        SystemExit: Always, with an `ExitCode`.
    """
    session = Session(Screen(sys.stdout, sys.stderr, sys.stdin))
    try:
        app(list(arguments), prog_name="ytcaption", obj=session)
    except YTCaptionError as error:
        _print_error(session.screen, error)
        sys.exit(exit_code_of(error))
    finally:
        session.close()


def _print_version(*, is_set: bool) -> None:
    if is_set:
        typer.echo(__version__)
        raise typer.Exit


Url = Annotated[
    str | None, typer.Option(help="URL of the API. Default: YTCAPTION_URL, or `url` in the file.")
]
Config = Annotated[
    Path | None, typer.Option(help="Configuration file. Default: ~/.config/ytcaption/config.toml.")
]
Quiet = Annotated[
    bool,
    typer.Option("--quiet", "-q", help="Show results, warnings and errors only."),
]
Version = Annotated[
    bool,
    typer.Option(
        "--version", is_eager=True, callback=_print_version, help="Show the version and exit."
    ),
]


@app.callback()
def _configure(
    context: typer.Context,
    *,
    url: Url = None,
    config: Config = None,
    quiet: Quiet = False,
    _version: Version = False,
) -> None:
    session = session_of(context)
    session.url, session.config, session.screen.is_quiet = url, config, quiet


def _print_error(screen: Screen, error: YTCaptionError) -> None:
    problem = error.problem if isinstance(error, ApiError) else None
    if screen.is_json:
        facts = asdict(problem) if problem else {"detail": str(error)}
        text = json.dumps({"error": type(error).__name__, **facts})
        screen.err.file.write(f"{hide_logins(text)}\n")
        return
    screen.warn(f"ytcaption: {error}")
    for fault in problem.faults if problem else ():
        screen.warn(f"  {fault.get('pointer', '')}: {fault.get('detail', '')}")
