"""Pages of metrics, parsed like Prometheus does."""

import requests
from prometheus_client.parser import text_string_to_metric_families

__all__ = ["Metrics", "read_metrics"]


class Metrics:
    """The samples of one page."""

    def __init__(self, text: str) -> None:
        self.families = list(text_string_to_metric_families(text))
        self._samples = [sample for family in self.families for sample in family.samples]

    def sum(self, name: str, **labels: str) -> float:
        """Return the sum of a metric over all samples with these labels."""
        return sum(
            sample.value
            for sample in self._samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    def labels(self, name: str, label: str) -> set[str]:
        """Return the values of a label of a metric."""
        return {sample.labels[label] for sample in self._samples if sample.name == name}


def read_metrics(address: str, *, token: str | None = None) -> Metrics:
    """Fetch a page; ``address`` without its path."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = requests.get(f"{address}/metrics", headers=headers, timeout=10)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    return Metrics(answer.text)
