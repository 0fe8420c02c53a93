"""Carrying out any plan: the journal, the life of a step, the runner."""
