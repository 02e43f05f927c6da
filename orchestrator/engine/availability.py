"""The services that a turn may call now, and the choice of an instance."""

from orchestrator.domain.pipeline import stage_before
from orchestrator.engine.held_stage import HeldStage
from orchestrator.errors import BreakerOpenError, OrchestratorError, ServiceUnavailableError
from orchestrator.store.breakers import BreakerStore
from orchestrator.store.leases import BreakerState, Claim
from orchestrator.telemetry.log import LOGGER

__all__ = ["Availability"]


class Availability:
    """Checks circuit breakers before the calls of a turn, and records how the calls went.

    Args:
        breakers: The breakers, which all workers share.
        held: The stage.
        claim: The state of the breakers when the stage was claimed.
        instances: The URLs of the service's instances.
    """

    def __init__(
        self, breakers: BreakerStore, held: HeldStage, claim: Claim, instances: tuple[str, ...]
    ) -> None:
        self._breakers = breakers
        self._held = held
        self._service = held.stage.service.name
        self._source_service = stage_before(held.stage).service.name
        self._breaker = claim.breaker
        self._is_source_open = claim.is_source_open
        self._is_source_on_trial = False
        self._instances = instances

    def check(self) -> None:
        """Check the breaker of the stage's service; an open one allows a trial now and then.

        With several instances, a job without a remote job is not checked: `choose_instance` skips
        the instances whose breakers are open.

        Raises:
            BreakerOpenError: The breaker is open.
        """
        record = self._held.record
        is_placed_later = len(self._instances) > 1 and record.job_id is None
        if self._breaker.is_open and not is_placed_later:
            self._begin_trial(self._service, record.instance)

    def check_source(self) -> None:
        """Check the breaker of the service that has the audio, if this stage takes audio from one.

        Raises:
            BreakerOpenError: The breaker is open.
        """
        source = self._held.source_record
        takes_artifact = self._held.stage.takes_audio and source.job_id is not None
        if takes_artifact and self._is_source_open:
            self._begin_trial(self._source_service, source.instance)
            self._is_source_on_trial = True

    def choose_instance(self) -> str:
        """Return the URL of the instance that gets the stage's remote job.

        With several instances the choice is stored before the submission, so that a repeated
        submission reaches the instance that knows its idempotency key.

        Raises:
            BreakerOpenError: The breakers of all instances are open.
        """
        if len(self._instances) == 1:
            return self._instances[0]
        placement = self._held.place()
        self._breaker = BreakerState(has_failures=placement.has_failures)
        return placement.instance

    def record_success(self) -> None:
        """Close the breaker of the stage's service, if it has counted failures."""
        if self._breaker.has_failures:
            self._breakers.record_success(self._service, self._held.record.instance)
            self._breaker = BreakerState()

    def record_source_success(self) -> None:
        """Close the breaker of the service that has the audio, if this turn was its trial."""
        if self._is_source_on_trial:
            self._breakers.record_success(self._source_service, self._held.source_record.instance)
            self._is_source_on_trial = False

    def record_error(self, error: OrchestratorError) -> None:
        """Count a failure of the service that raised the error, if it was called at all."""
        if isinstance(error, ServiceUnavailableError) and not isinstance(error, BreakerOpenError):
            is_own = error.service == self._service
            record = self._held.record if is_own else self._held.source_record
            self._breakers.record_failure(error.service, record.instance)

    def _begin_trial(self, service: str, instance: str | None) -> None:
        if not self._breakers.may_probe(service, instance):
            raise BreakerOpenError(service, "not called: its last calls failed (circuit breaker)")
        LOGGER.warning("%s unhealthy, but proceeding", service)
