"""Metrics: the catalogue, counting within a process, and the Prometheus text format."""

from orchestrator.telemetry.metrics.counts import Counts, Key

__all__ = ["Counts", "Key"]
