"""All settings, read from the environment once. Imports domain and captions."""

from orchestrator.settings.model import CueStyleSettings, Settings, load_settings
from orchestrator.settings.services import ServiceSettings

__all__ = ["CueStyleSettings", "ServiceSettings", "Settings", "load_settings"]
