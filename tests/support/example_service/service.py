"""The description of the example service."""

from pathlib import Path

from pydantic import BaseModel

from services.kit.service import Service
from services.kit.settings import ServiceSettings


class ExampleOptions(BaseModel):
    """The name to greet, and the file that controls the work."""

    name: str
    script: str = ""


class ExampleSettings(ServiceSettings):
    """The shared settings with another folder."""

    artifacts_dir: Path = Path("var/artifacts/example")


SERVICE = Service(
    name="example",
    title="example",
    id_prefix="ex_",
    settings=ExampleSettings,
    options=ExampleOptions,
    takes_file=False,
    documents=("greeting",),
    pages={"languages": lambda: {"languages": ["en"]}},
)
