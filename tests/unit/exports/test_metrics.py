"""Figures as Prometheus reads them."""

from __future__ import annotations

from respool.exports.metrics import Metric, render_metrics


def test_labels_and_texts_are_escaped_as_the_format_says() -> None:
    metric = Metric(
        name="respool_found",
        about="A \\ and\na line",
        samples=(((("code", 'a "b" \\ c\n'),), 2.0), ((), 0.5)),
    )

    assert render_metrics([metric]) == (
        "# HELP respool_found A \\\\ and\\na line\n"
        "# TYPE respool_found gauge\n"
        'respool_found{code="a \\"b\\" \\\\ c\\n"} 2\n'
        "respool_found 0.5\n"
    )
