"""What a look at a face is judged by."""

from __future__ import annotations

import numpy as np
import pytest

from facerec_app.core.types import Embeddings
from facerec_app.pipeline.track_looks import TrackLooks

EAST, NORTH = np.array([1.0, 0.0], np.float32), np.array([0.0, 1.0], np.float32)


def looked_at(looks: TrackLooks) -> TrackLooks:
    track = np.array([7], np.int64)
    for number, (vector, quality) in enumerate(((EAST, 0.5), (NORTH, 0.5), (NORTH, 0.0))):
        looks.add(track, Embeddings(vector[None], "v"), np.array([quality], np.float32), float(number))
    return looks


def test_each_look_is_judged_by_itself() -> None:
    looks = looked_at(TrackLooks())
    np.testing.assert_array_equal(looks.evidence(7).vectors, [EAST, NORTH, NORTH])
    np.testing.assert_array_equal(looks.newest_evidence(np.array([7])).vectors, [NORTH])


def test_averaged_each_look_is_judged_by_all_before_it_as_good_as_they_were() -> None:
    evidence = looked_at(TrackLooks(averages=True)).evidence(7).vectors
    np.testing.assert_allclose(evidence[0], EAST)
    np.testing.assert_allclose(evidence[1], (EAST + NORTH) / np.sqrt(2), rtol=1e-6)
    assert evidence[2] == pytest.approx(evidence[1], abs=0.02), "a look that tells nothing changes next to nothing"
    np.testing.assert_allclose(np.linalg.norm(evidence, axis=1), 1.0, rtol=1e-6)


def test_a_track_that_has_gone_has_no_evidence() -> None:
    assert len(TrackLooks().evidence(1)) == 0


def seen_surely_then_not(averages: bool) -> TrackLooks:
    """Return two looks of the same quality, of the second of which the network was less sure."""
    looks, track = TrackLooks(averages=averages), np.array([7], np.int64)
    for vector, norm in ((EAST, 10.0), (NORTH, 7.0)):
        embeddings = Embeddings(vector[None], "v", np.array([norm], np.float32))
        looks.add(track, embeddings, np.array([0.5], np.float32), 0.0)
    return looks


def test_a_look_that_the_network_is_less_sure_of_moves_the_mean_less() -> None:
    assert seen_surely_then_not(averages=True).evidence(7).vectors[1] == pytest.approx(EAST, abs=0.02)


def test_how_sure_the_network_was_is_kept_with_the_look() -> None:
    norms = seen_surely_then_not(averages=False).own(7).norms
    assert norms is not None
    np.testing.assert_array_equal(norms, np.array([10.0, 7.0], np.float32))
