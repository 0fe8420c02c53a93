"""Killing commands at chosen instants, and looking at what stands afterwards."""
