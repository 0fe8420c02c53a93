"""Test support: real servers, samples and probes; nothing here is part of the product."""
