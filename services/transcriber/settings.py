"""What the transcriber reads from the environment."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from services.kit.settings import ServiceSettings
from services.transcriber.bundled import BUNDLED, is_installed


def choose_model() -> str:
    """Return the model that is used if none is named: the bundled one where it is installed."""
    return BUNDLED if is_installed() else "base"


class TranscriberSettings(ServiceSettings):
    """The shared settings with the choice of the Whisper model and of how it runs."""

    port: int = Field(8003, ge=1, le=65535, description="Port that the API listens on.")
    artifacts_dir: Path = Field(
        Path("var/artifacts/transcriber"),
        description="Folder of uploads and results; the API and its workers share it.",
    )
    models_dir: Path = Field(
        Path("var/models"), description="Folder in which models are kept once they are fetched."
    )
    whisper_model: str = Field(
        default_factory=choose_model,
        description="A model's name on the hub, the path of its folder, or `bundled`.",
    )
    whisper_device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="Where the model runs; auto takes a GPU if there is one."
    )
    whisper_compute_type: str = Field(
        "auto",
        description="Arithmetic of the model; auto takes float16 on a GPU and int8 on a CPU.",
    )
    whisper_beam_size: int = Field(
        5, ge=1, le=20, description="Readings weighed against each other; fewer is faster."
    )
    whisper_cpu_threads: int = Field(
        0, ge=0, description="Threads of one transcription; 0 lets the engine choose, at most 4."
    )
    max_duration_hours: float = Field(
        12,
        gt=0,
        description="Longest recording taken, in hours: a small file can decode to years of audio.",
    )
    decode_idle_seconds: float = Field(
        300,
        gt=0,
        description="Seconds without decoding progress after which a job fails.",
    )
    model_idle_minutes: float = Field(
        30,
        gt=0,
        description="Minutes without a job after which the model's memory is given back.",
    )

    @property
    def max_duration_s(self) -> float:
        """Return the longest recording taken, in seconds."""
        return self.max_duration_hours * 3600

    @property
    def model_idle_s(self) -> float:
        """Return after how many seconds without a job the model is unloaded."""
        return self.model_idle_minutes * 60
