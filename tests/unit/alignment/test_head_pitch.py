"""Nods of a head made of five points in space."""

from __future__ import annotations

import numpy as np
import pytest

from facerec_app.alignment.head_pitch import nose_height_of, pitch_deg_of
from facerec_app.core.types import Float32Array

# Eyes, nose and mouth corners of a generic head: x to the right, y down, z towards the viewer, in half eye distances.
HEAD = np.array([[-1, -1.1, 0], [1, -1.1, 0], [0, 0.05, 0.9], [-0.8, 1.2, 0], [0.8, 1.2, 0]])


def seen(pitch_deg: float, *, roll_deg: float = 0.0) -> Float32Array:
    """Return the landmarks of the head looking up by an angle, ``(1, 5, 2)`` float32 px."""
    pitch, roll = np.radians(pitch_deg), np.radians(roll_deg)
    # Looking up turns what stands out towards the viewer upwards, against y.
    nod = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
    flat = (HEAD @ nod.T)[:, :2]
    turn = np.array([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]])
    return np.asarray(flat @ turn.T * 40 + 200, np.float32)[None]


@pytest.mark.parametrize("pitch_deg", [-25, -10, 0, 10, 25])
@pytest.mark.parametrize("roll_deg", [0, 20])
def test_a_nod_is_measured_from_the_straight_look_at_any_tilt(pitch_deg: float, roll_deg: float) -> None:
    straight = float(nose_height_of(seen(0))[0])
    measured = pitch_deg_of(nose_height_of(seen(pitch_deg, roll_deg=roll_deg)), straight)
    assert measured[0] == pytest.approx(pitch_deg, abs=1.0)
