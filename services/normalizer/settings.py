"""The normalizer's settings, read from the environment."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from services.kit.settings import ServiceSettings


class NormalizerSettings(ServiceSettings):
    """Settings of the normalizer, in addition to the shared ones."""

    port: int = Field(8002, ge=1, le=65535, description="Port that the API listens on.")
    artifacts_dir: Path = Field(
        Path("var/artifacts/normalizer"),
        description="Folder of uploads and results, shared by the API and its workers.",
    )
    models_dir: Path = Field(Path("var/models"), description="Folder for downloaded models.")
    vocals_backend: Literal["spleeter", "audio-separator"] = Field(
        "spleeter",
        description="Backend of vocal isolation: `spleeter` requires the extra `vocals` and its "
        "model file; `audio-separator` is a separate package, which downloads its model.",
    )
    vocals_model: str = Field(
        "model_bs_roformer_ep_317_sdr_12.9755.ckpt",
        description="File name of the model of `audio-separator`.",
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
        description="Seconds without decoding progress after which a job fails. Malicious files "
        "would never end; the slowest filter needs a few seconds.",
    )

    @property
    def max_duration_s(self) -> float:
        """Return the maximum duration of a recording, in seconds."""
        return self.max_duration_hours * 3600
