"""The parts of ``index.html`` that are the same in every export: page, style and script."""
