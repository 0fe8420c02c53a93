"""JSON as bodies and answers are made of it."""

from __future__ import annotations

from typing import Any, TypeAlias

Json: TypeAlias = Any  # a test reads and writes it freely
Fields: TypeAlias = dict[str, Any]
