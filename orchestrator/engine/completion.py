"""The end of a stage whose remote job has completed: its results, and the change to write."""

from orchestrator.domain.job import Transcript
from orchestrator.domain.pipeline import asks_for_captions
from orchestrator.domain.transitions import Change, captioned, completed
from orchestrator.engine.held_stage import HeldStage
from orchestrator.engine.partial_transcripts import PartialTranscripts
from orchestrator.engine.publisher_captions import fetch_captions
from orchestrator.microservice import MicroserviceClient, RemoteJob
from orchestrator.telemetry.log import LOGGER

__all__ = ["Completion"]


class Completion:
    """Fetches the results of completed remote jobs.

    Args:
        held: The stage.
        client: The stage's service.
        partials: Knows which segments were published while the remote job ran.
    """

    def __init__(
        self, held: HeldStage, client: MicroserviceClient, partials: PartialTranscripts
    ) -> None:
        self._held = held
        self._client = client
        self._partials = partials

    def complete(self, remote: RemoteJob) -> Change:
        """Return the change that completes the stage.

        Raises:
            CaptionsUnusableError: The publisher's captions cannot be fetched or parsed.
            RemoteJobLostError: The service lost the job.
            ServiceError: The service did not answer as it should.
        """
        if remote.captions_language and asks_for_captions(self._held.stage, self._held.job):
            return self._complete_with_captions(remote, remote.captions_language)
        remark = ""
        if remote.captions_error:
            remark = f"without captions: {remote.captions_error}"
            LOGGER.warning(
                "Could not use the publisher's captions; transcribing the audio: %s",
                remote.captions_error,
            )
        transcript = self._fetch_transcript() if self._held.stage.gives_transcript else None
        change = completed(
            self._held.job,
            self._held.stage,
            filename=remote.filename,
            transcript=transcript,
            findings=remote.findings,
            remark=remark,
        )
        return self._partials.add_remaining(change, transcript) if transcript else change

    def _fetch_transcript(self) -> Transcript:
        record = self._held.record
        transcript = self._client.fetch_transcript(record.job_id or "", instance=record.instance)
        LOGGER.info("Transcription text retrieved: %d chars", len(transcript.text))
        return transcript

    def _complete_with_captions(self, remote: RemoteJob, language: str) -> Change:
        """Complete the job with the publisher's captions as its transcript."""
        transcript = fetch_captions(self._client, self._held.record)
        LOGGER.info("Publisher's captions retrieved: %d chars", len(transcript.text))
        change = captioned(
            self._held.job,
            self._held.stage,
            filename=remote.filename,
            language=language,
            transcript=transcript,
            findings=remote.findings,
        )
        return self._partials.add_remaining(change, transcript)
