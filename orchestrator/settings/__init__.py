"""Settings, read from the environment once. May import domain, captions and errors."""

from orchestrator.settings.model import CueStyleSettings, Settings, load_settings
from orchestrator.settings.services import ServiceSettings

__all__ = ["CueStyleSettings", "ServiceSettings", "Settings", "load_settings"]
