"""What is measured: the catalogue of figures, and how processes count them."""

from orchestrator.telemetry.metrics.counts import Counts, Key

__all__ = ["Counts", "Key"]
