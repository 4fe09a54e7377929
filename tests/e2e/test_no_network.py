"""The installed program talks to nobody: its system calls are watched while it works."""

from __future__ import annotations

import ipaddress
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

CI_VARIABLES = ("CI", "GITHUB_ACTIONS", "GITLAB_CI", "TF_BUILD", "JENKINS_URL", "TRAVIS", "CIRCLECI", "BUILDKITE")
"""Telemetry commonly stays silent where one of these is set, which would hide it."""

INTERNET = re.compile(r"sa_family=AF_INET6?\b.*?(?:inet_addr\(\"([^\"]+)\"\)|inet_pton\(AF_INET6, \"([^\"]+)\")")
TELEMETRY = re.compile(
    r"telemetry|onnxruntime|deviceid|device_id|\.events\b|ort.*\.db|openvino.*(id|consent)|matomo", re.I
)


@dataclass(frozen=True, slots=True)
class Watched:
    """One run of the program: where it tried to connect and what it left in its home."""

    addresses: list[str]
    files: list[str]
    stdout: str

    @property
    def outside(self) -> list[str]:
        return [address for address in self.addresses if not ipaddress.ip_address(address).is_loopback]


@pytest.fixture
def strace() -> str:
    found = shutil.which("strace")
    if found is None:
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail("strace is absent; the checks install it", pytrace=False)
        pytest.skip("strace is absent: which connections the program makes is not watched")
    probe = subprocess.run([found, "-f", "true"], capture_output=True, check=False)
    if probe.returncode != 0:
        pytest.skip("strace may not trace here: which connections the program makes is not watched")
    return found


def watch(strace: str, home: Path, arguments: list[str], program: list[str] | None = None) -> Watched:
    """Run the program in a fresh home, as a user would outside any automated check, and read its trace."""
    home.mkdir()
    dropped = {
        *CI_VARIABLES,
        "ORT_DISABLE_TELEMETRY",
        "XDG_CACHE_HOME",
        "XDG_CONFIG_HOME",
        "XDG_DATA_HOME",
        "XDG_STATE_HOME",
    }
    environment = {name: value for name, value in os.environ.items() if name not in dropped}
    environment |= {"HOME": str(home), "USERPROFILE": str(home), "TMPDIR": str(home)}
    trace = home.with_suffix(".trace")
    command = [strace, "-f", "-qq", "-e", "trace=connect,sendto,sendmsg", "-o", str(trace)]
    ran = subprocess.run(
        [*command, *(program or [sys.executable, "-m", "facerec_app"]), *arguments],
        env=environment, cwd=home, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-3000:]
    addresses = [four or six for four, six in INTERNET.findall(trace.read_text(encoding="utf-8", errors="replace"))]
    files = sorted(str(path.relative_to(home)) for path in home.rglob("*") if path.is_file())
    return Watched(addresses, files, ran.stdout)


def test_the_watch_sees_a_connection(strace: str, tmp_path: Path) -> None:
    """Without this, a trace that records nothing would pass the tests below."""
    code = "import socket; s = socket.socket(); s.setblocking(False); s.connect_ex(('127.0.0.1', 9)); s.close()"
    seen = watch(strace, tmp_path / "home", ["-c", code], program=[sys.executable])
    assert seen.addresses == ["127.0.0.1"]
    assert seen.outside == []


def test_the_watch_tells_another_machine_from_this_one() -> None:
    line = '7 connect(3, {sa_family=AF_INET, sin_port=htons(443), sin_addr=inet_addr("192.0.2.1")}, 16) = -1'
    line6 = (
        "7 connect(3, {sa_family=AF_INET6, sin6_port=htons(443), sin6_flowinfo=htonl(0), "
        'inet_pton(AF_INET6, "2001:db8::1", &sin6_addr), sin6_scope_id=0}, 28) = -1'
    )
    addresses = [four or six for four, six in INTERNET.findall(f"{line}\n{line6}")]
    assert Watched(addresses, [], "").outside == ["192.0.2.1", "2001:db8::1"]


def test_identify_talks_to_nobody_and_leaves_no_telemetry(strace: str, tmp_path: Path, demo_dir: Path) -> None:
    home = tmp_path / "home"
    picture = demo_dir / "sources" / "obama3.jpg"
    seen = watch(strace, home, ["--database", str(home / "people"), "identify", str(picture), "--json"])
    assert len(json.loads(seen.stdout)[0]["faces"]) == 1, "the command did not reach its work"
    assert seen.outside == []
    assert [name for name in seen.files if TELEMETRY.search(name)] == []


@pytest.mark.slow
def test_run_talks_to_nobody_and_leaves_no_telemetry(strace: str, tmp_path: Path, demo_dir: Path) -> None:
    home = tmp_path / "home"
    events = home / "faces.jsonl"
    arguments = ["run", str(demo_dir / "demo.mp4"), "--max-fps", "5", "--events", str(events)]
    seen = watch(strace, home, ["--database", str(home / "people"), *arguments])
    assert events.read_text(encoding="utf-8").count("\n") > 10, "the command did not reach its work"
    assert seen.outside == []
    assert [name for name in seen.files if TELEMETRY.search(name)] == []
