"""metrics-server where it is asked for, and gone where it is not."""

from __future__ import annotations

from tests.e2e.conftest import Figures
from tests.e2e.kubernetes import Cluster, eventually
from tests.e2e.stack import Stack

NODES = ["server-1", "server-2", "server-3"]


def test_metrics_are_shown_and_taken_away_again(cluster: Cluster, stack: Stack, figures: Figures) -> None:
    def measured() -> bool:
        rows = [line.split() for line in cluster("top", "nodes", "--no-headers").splitlines()]
        return sorted(row[0] for row in rows if "<unknown>" not in row) == NODES

    stack.configure(metrics=True)
    assert stack.up().steps["bareplane-metrics"] == "create"
    figures.add(
        "kubectl top answers for all nodes, after metrics-server is Ready", eventually(measured, 120, "metrics")
    )
    stack.configure()
    assert stack.up().steps["bareplane-metrics"] == "delete"
    assert cluster("get", "apiservice", "v1beta1.metrics.k8s.io", "--ignore-not-found") == ""
