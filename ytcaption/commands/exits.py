"""Exit codes."""

from enum import IntEnum

from ytcaption.errors import ApiError, ServerError, UsageError, YTCaptionError

__all__ = ["ExitCode", "exit_code_of"]


class ExitCode(IntEnum):
    """The exit codes of all commands."""

    DONE = 0
    FAILED = 1  # the job failed or was cancelled; for `health`: not everything is healthy
    USAGE = 2  # invalid usage, or a file cannot be read or written
    UNREACHABLE = 3  # no response, an unexpected response, or a server error
    REFUSED = 4  # the API refused the request
    INTERRUPTED = 130  # Ctrl-C


def exit_code_of(error: YTCaptionError) -> ExitCode:
    """Return the exit code for an error."""
    if isinstance(error, UsageError):
        return ExitCode.USAGE
    if isinstance(error, ApiError) and not isinstance(error, ServerError):
        return ExitCode.REFUSED
    return ExitCode.UNREACHABLE
