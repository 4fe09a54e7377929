"""Which clusters are let near the faces."""

from __future__ import annotations

from pathlib import Path

import pytest

from facerec_app.core.errors import ConfigError
from facerec_app.services.cluster_access import ClusterAccess, is_loopback


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    paths = {name: tmp_path / f"{name}.pem" for name in ("ca_file", "cert_file", "key_file")}
    for path in paths.values():
        path.write_text("a certificate, as far as the name goes", encoding="utf-8")
    return paths


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:8786", "tcp://localhost:8786", "tcp://[::1]:8786"])
def test_this_computer_needs_no_certificates(address: str, files: dict[str, Path]) -> None:
    assert not ClusterAccess(address).is_encrypted
    with pytest.raises(ConfigError, match="Certificates are for tls"):
        ClusterAccess(address, **files)


@pytest.mark.parametrize(
    "address",
    ["tcp://192.0.2.1:8786", "tcp://0.0.0.0:8786", "tcp://localhost.example.org:8786", "tcp://[2001:db8::1]:1"],
)
def test_other_computers_are_refused_without_encryption(address: str, files: dict[str, Path]) -> None:
    assert not is_loopback(address)
    with pytest.raises(ConfigError, match="without TLS anybody on the network could run programs"):
        ClusterAccess(address)
    assert ClusterAccess(address.replace("tcp:", "tls:"), **files).is_encrypted


@pytest.mark.parametrize("address", ["", "tls://host", "http://127.0.0.1:80", "tls://host:0", "tls://a:99999", "a:1"])
def test_what_is_no_address_is_refused(address: str, files: dict[str, Path]) -> None:
    with pytest.raises(ConfigError, match="is no address of a Dask scheduler"):
        ClusterAccess(address, **files)


@pytest.mark.parametrize(
    ("missing", "option"), [("ca_file", "--dask-ca"), ("cert_file", "--dask-cert"), ("key_file", "--dask-key")]
)
def test_every_certificate_is_asked_for_by_name(missing: str, option: str, files: dict[str, Path]) -> None:
    with pytest.raises(ConfigError, match=f"needs {option}"):
        ClusterAccess("tls://host:8786", **{**files, missing: None})
    files[missing].unlink()
    with pytest.raises(ConfigError, match=f"There is no file .* given for {option}"):
        ClusterAccess("tls://host:8786", **files)
