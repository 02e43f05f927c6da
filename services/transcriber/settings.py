"""The transcriber's settings, read from the environment."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from services.kit.settings import ServiceSettings
from services.transcriber.bundled import BUNDLED, is_installed


def choose_model() -> str:
    """Return the default model: the bundled one if it is installed."""
    return BUNDLED if is_installed() else "base"


class TranscriberSettings(ServiceSettings):
    """The shared settings of services, and those of the Whisper model."""

    port: int = Field(8003, ge=1, le=65535, description="Port that the API listens on.")
    artifacts_dir: Path = Field(
        Path("var/artifacts/transcriber"),
        description="Folder of uploads and results; the API and its workers share it.",
    )
    models_dir: Path = Field(
        Path("var/models"), description="Folder in which downloaded models are stored."
    )
    whisper_model: str = Field(
        default_factory=choose_model,
        description="Name of a model on the hub, path of a model folder, or `bundled`.",
    )
    whisper_device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="Device on which the model runs; auto selects a GPU if there is one."
    )
    whisper_compute_type: str = Field(
        "auto",
        description="Compute type of the model; auto selects float16 on a GPU and int8 on a CPU.",
    )
    whisper_beam_size: int = Field(
        5, ge=1, le=20, description="Beam size of the decoder; smaller is faster."
    )
    whisper_cpu_threads: int = Field(
        0, ge=0, description="CPU threads of one transcription; 0 selects automatically, at most 4."
    )
    max_duration_hours: float = Field(
        12,
        gt=0,
        description="Maximum duration of a recording, in hours: a small file can decode to years "
        "of audio.",
    )
    decode_idle_seconds: float = Field(
        300,
        gt=0,
        description="Seconds without decoding progress after which a job fails.",
    )
    model_idle_minutes: float = Field(
        30,
        gt=0,
        description="Minutes without a job after which the model is unloaded.",
    )

    @property
    def max_duration_s(self) -> float:
        """Return the maximum duration of a recording, in seconds."""
        return self.max_duration_hours * 3600

    @property
    def model_idle_s(self) -> float:
        """Return the seconds without a job after which the model is unloaded."""
        return self.model_idle_minutes * 60
