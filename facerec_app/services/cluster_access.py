"""Where a Dask cluster is and what lets this computer in; plain connections stay on this computer."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path

from facerec_app.core.errors import ConfigError

_ADDRESS = re.compile(r"(?P<kind>[a-z]+)://(?P<host>\[[0-9a-fA-F:.]+\]|[^\[\]:/\s]+):(?P<port>[0-9]{1,5})/?")


@dataclass(frozen=True, slots=True)
class ClusterAccess:
    """The scheduler of a cluster.

    Attributes:
        address: ``tls://HOST:PORT``, or ``tcp://`` on this computer.
        ca_file: certificate of the authority that vouches for everybody in the cluster, PEM; None for ``tcp://``.
        cert_file: this computer's certificate.
        key_file: its key.
    """

    address: str
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None

    def __post_init__(self) -> None:
        """Refuse what would let strangers in.

        Raises:
            ConfigError: the address is none, is unencrypted and not this computer's, or certificates are missing.
        """
        found = _ADDRESS.fullmatch(self.address)
        if found is None or found["kind"] not in {"tls", "tcp"} or not 0 < int(found["port"]) < 65536:
            raise ConfigError(f"'{self.address}' is no address of a Dask scheduler; give tls://HOST:PORT.")
        files = (self.ca_file, self.cert_file, self.key_file)
        if found["kind"] == "tcp":
            if not is_loopback(self.address):
                raise ConfigError(
                    f"{self.address} is refused: without TLS anybody on the network could run programs on these "
                    "computers and see the faces. Use tls:// with --dask-ca, --dask-cert and --dask-key."
                )
            if any(file is not None for file in files):
                raise ConfigError(f"Certificates are for tls:// addresses; {self.address} would not use them.")
            return
        for option, file in zip(("--dask-ca", "--dask-cert", "--dask-key"), files, strict=True):
            if file is None:
                raise ConfigError(f"{self.address} needs {option}; docs/cluster.md says how certificates are made.")
            if not file.is_file():
                raise ConfigError(f"There is no file {file}, which was given for {option}.")

    @property
    def is_encrypted(self) -> bool:
        return self.address.startswith("tls://")


def is_loopback(address: str) -> bool:
    """Return whether an address such as ``tcp://127.0.0.1:8786`` can be reached from this computer only.

    Names other than ``localhost`` are not looked up: what a name stands for is for others to say.
    """
    found = _ADDRESS.fullmatch(address)
    if found is None:
        return False
    host = found["host"].strip("[]")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
