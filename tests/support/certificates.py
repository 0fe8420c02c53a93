"""A certificate authority of our own, and a certificate of it for a server on loopback."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "7")


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """Files in PEM form: what a client is to trust, and what a server shows and keeps.

    ``authority`` is the certificate of an authority that no machine trusts by itself.
    """

    authority: Path
    chain: Path
    key: Path


def make_certificates(
    folder: Path, *, host: str = "localhost", address: str = "127.0.0.1"
) -> Certificates:
    """A new authority in ``folder``, and a certificate of it for that host and address.

    Python's own ``ssl`` cannot make one: the program ``openssl`` does. Keys are 0600.
    """
    folder.mkdir(parents=True, exist_ok=True)
    authority, its_key = folder / "authority.pem", folder / "authority.key"
    chain, key = folder / "server.pem", folder / "server.key"
    _openssl(
        *("req", "-x509", *_KEY, "-subj", "/CN=a private authority for tests"),
        *("-addext", "keyUsage=critical,keyCertSign,cRLSign"),
        *("-keyout", str(its_key), "-out", str(authority)),
    )
    _openssl(
        *("req", "-x509", *_KEY, "-subj", f"/CN={host}"),
        *("-CA", str(authority), "-CAkey", str(its_key)),
        *("-addext", f"subjectAltName=DNS:{host},IP:{address}"),
        *("-addext", "basicConstraints=critical,CA:FALSE"),
        *("-keyout", str(key), "-out", str(chain)),
    )
    return Certificates(authority=authority, chain=chain, key=key)


def _openssl(*words: str) -> None:
    done = subprocess.run(
        ["openssl", *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise OSError(f"openssl {words[0]}: {done.stderr.strip()}")
