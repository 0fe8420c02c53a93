"""Figures in the text format that Prometheus reads, as node_exporter's textfile collector does.

Source: Prometheus, "Exposition formats", text-based format 0.0.4.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from respool.model.dataclasses import dataclass

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One gauge: what it says, and its values, each with its labels."""

    name: str
    about: str
    samples: tuple[tuple[Labels, float], ...]


def render_metrics(metrics: Iterable[Metric]) -> str:
    """The text of a file; it ends with a line feed.

    >>> print(render_metrics([Metric(name="up", about="Is it?", samples=(((), 1.0),))]), end="")
    # HELP up Is it?
    # TYPE up gauge
    up 1
    """
    return "".join(f"{line}\n" for each in metrics for line in _lines(each))


def value_in(text: str, name: str) -> float | None:
    r"""The value of a gauge without labels in such a text; None where there is none.

    >>> value_in("# HELP up Is it?\nup 1\n", "up"), value_in("up x", "up")
    (1.0, None)
    """
    for line in text.splitlines():
        found, _, value = line.partition(" ")
        if found == name:
            try:
                return float(value)
            except ValueError:
                return None
    return None


def _lines(metric: Metric) -> Iterator[str]:
    yield f"# HELP {metric.name} {_escaped(metric.about)}"
    yield f"# TYPE {metric.name} gauge"
    for labels, value in metric.samples:
        inner = ",".join(f'{name}="{_quoted(text)}"' for name, text in labels)
        yield f"{metric.name}{f'{{{inner}}}' if inner else ''} {_number(value)}"


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _quoted(text: str) -> str:
    return _escaped(text).replace('"', '\\"')
