"""A job of a fake service, whose state is a function of the time."""

import math
import time
from dataclasses import dataclass, field
from typing import Any

from gevent.event import Event

from tests.support.fake_service.faults import Fault
from tests.support.fake_service.ledger import Submission
from tests.support.fake_service.settings import Failure, FakeSettings, Role

_ENDS_EARLY_AT = 0.5
_HELD_AT = 0.95
_NEVER = math.inf
_ROUNDING = 1e-9


@dataclass
class FakeJob:
    """An accepted submission, from its acceptance to its deletion.

    All instants are those of ``time.monotonic``; a fraction is the share of the work done.
    """

    record: Submission
    settings: FakeSettings
    """The settings at acceptance."""
    fate: Fault | None = None
    failure: Failure | None = None
    """The fault that ends the work halfway, if any."""
    is_held: bool = False
    is_deleted: bool = False
    accepted_at: float = field(default_factory=time.monotonic)
    _changed: Event = field(default_factory=Event)

    @property
    def started_at(self) -> float:
        """The start of the work."""
        return self.accepted_at + self.settings.queued_s

    @property
    def captions(self) -> str | None:
        """The tag of the subtitles that it downloaded instead of the audio."""
        tag, asked = self.settings.captions, self.record.fields.get("captions")
        return tag if tag and asked in {"auto", tag.partition("-")[0]} else None

    def is_gone(self, now: float) -> bool:
        """Return whether the service no longer has this job."""
        forgotten = self.fate is Fault.FORGOTTEN and self._fraction(now) >= _ENDS_EARLY_AT
        return self.is_deleted or forgotten

    def is_hidden(self, now: float) -> bool:
        """Return whether the job is not visible yet."""
        return self.fate is Fault.HIDDEN and now < self.accepted_at + self.settings.hidden_s

    def phase(self, now: float) -> str:
        """Return queued, running, done or failed."""
        fraction = self._fraction(now)
        if now < self.started_at:
            return "queued"
        if self.failure is not None and fraction >= _ENDS_EARLY_AT:
            return "failed"
        return "done" if fraction >= 1 else "running"

    def shown_fraction(self, now: float) -> float:
        """Return the reported progress, in whole steps."""
        fraction = self._fraction(now)
        if self.fate is Fault.BACKWARDS and _ENDS_EARLY_AT <= fraction < _ENDS_EARLY_AT + 0.25:
            fraction -= 0.4
        return min(1.0, math.floor(fraction / self._step + _ROUNDING) * self._step)

    def etag(self, now: float) -> str:
        """Return the ``ETag`` of the current state."""
        return f'"{self.phase(now)}-{round(100 * self.shown_fraction(now))}"'

    def next_change_at(self, now: float) -> float:
        """Return the time of the next change of state, or infinity."""
        if now < self.started_at:
            return self.started_at
        fraction = self._fraction(now)
        if self.phase(now) != "running" or (self.is_held and fraction >= _HELD_AT):
            return _NEVER
        steps_done = math.floor(fraction / self._step + _ROUNDING)
        change = min(1.0, (steps_done + 1) * self._step)
        if fraction < _ENDS_EARLY_AT:
            change = min(change, _ENDS_EARLY_AT)
        return self.started_at + change * self.settings.stage_s

    def wait_for_change(self, etag: str, wait_s: float) -> None:
        """Wait until the state differs from an ``ETag``, the job is deleted, or a timeout."""
        deadline = time.monotonic() + wait_s
        while (now := time.monotonic()) < deadline:
            if self.is_gone(now) or self.etag(now) != etag:
                return
            self._changed.wait(max(0.001, min(deadline, self.next_change_at(now)) - now))

    def announce(self) -> None:
        """Wake every waiting call."""
        # A fresh event each time: an event that is set and cleared may be missed.
        woken, self._changed = self._changed, Event()
        woken.set()

    def as_json(self, now: float) -> dict[str, Any]:
        """Return the job object in the configured form."""
        form = self.settings.job_form
        phase = self.phase(now)
        state = {"running": form.running, "done": form.done, "failed": form.failed}.get(
            phase, phase
        )
        answer: dict[str, Any] = {
            form.identity: self.record.remote_id,
            form.state: state.upper() if form.is_upper_case else state,
        }
        if form.progress != "absent":
            answer["progress"] = self._progress(now)
        if form.is_extended:
            answer["updated_at"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        if self.settings.title and self.settings.role is Role.DOWNLOADER:
            answer["title"] = self.settings.title
        if phase == "done" and (details := self._details()):
            answer["details"] = details
        if phase == "failed" and self.failure is not None:
            answer |= self._failure_as_json(self.failure)
        return answer

    def _details(self) -> dict[str, Any]:
        details = dict(self.settings.findings)
        if self.settings.warnings:
            details["warnings"] = list(self.settings.warnings)
        if self.captions:
            details["captions"] = {"language": self.captions}
        return details

    def _failure_as_json(self, failure: Failure) -> dict[str, Any]:
        form = self.settings.job_form
        if not form.is_extended:
            return {form.error: failure.message}
        return {
            form.error: failure.message,
            "error_code": failure.code,
            "retryable": failure.is_retryable,
        }

    def _progress(self, now: float) -> float | str:
        fraction = self.shown_fraction(now)
        form = self.settings.job_form.progress
        if form == "garbage":
            return "about half"
        return round(fraction, 4) if form == "fraction" else round(100 * fraction, 2)

    def _fraction(self, now: float) -> float:
        worked_s = max(0.0, now - self.started_at)
        fraction = min(1.0, worked_s / self.settings.stage_s) if self.settings.stage_s else 1.0
        return min(fraction, _HELD_AT) if self.is_held else fraction

    @property
    def _step(self) -> float:
        return self.settings.progress_step / 100
