"""How many threads a network gets while frames stream."""

from __future__ import annotations

import pytest

from facerec_app.inference import processor_threads
from facerec_app.inference.processor_threads import live_threads


@pytest.mark.parametrize(("cores", "threads"), [(1, 1), (2, 2), (3, 2), (4, 2), (8, 4), (16, 8)])
def test_networks_take_half_the_cores_but_two_where_there_are_two(
    monkeypatch: pytest.MonkeyPatch, cores: int, threads: int
) -> None:
    monkeypatch.setattr(processor_threads, "usable_cores", lambda: cores)
    assert live_threads(0) == threads


def test_what_is_set_is_taken() -> None:
    assert live_threads(7) == 7
