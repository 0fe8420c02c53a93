"""Servers of every kind: what each can hold, and every golden sample restored into each."""
