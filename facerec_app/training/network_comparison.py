"""Two networks side by side on held-out faces, and whether the new one may replace the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facerec_app.decision.identity_calibration import IdentityCalibration
from facerec_app.similarity.similarity_network import SimilarityNetwork
from facerec_app.similarity.similarity_weights import SimilarityWeights
from facerec_app.training.gallery_material import GalleryMaterial
from facerec_app.training.gallery_split import GallerySplit
from facerec_app.training.held_out_pairs import PairFigures, own_pairs, sampled_pairs
from facerec_app.training.labelled_features import LabelledFeatures
from facerec_app.training.verdict_changes import VerdictChanges, verdict_changes

_SAMPLED_IMPOSTORS = 60_000
_ALLOWED = {"accuracy": 0.002, "tar_at_far_1e3": 0.005, "calibration_error": 0.01}
"""What a figure may fall short by: less than a drawing of other held-out faces would change it by."""


@dataclass(frozen=True, slots=True)
class NetworkComparison:
    """The network in use and a candidate, on the same faces.

    Attributes:
        own: figures of both on held-out faces of the gallery; None where nobody has two faces.
        others: figures of both on sampled people: everybody else.
        changes: verdicts on enrolled faces and corrections that change.
        objections: why the candidate is worse, one line each; empty if it is not.
    """

    own: tuple[PairFigures, PairFigures] | None
    others: tuple[PairFigures, PairFigures]
    changes: VerdictChanges
    objections: tuple[str, ...]

    @property
    def is_not_worse(self) -> bool:
        """Whether the candidate may be promoted without anybody insisting."""
        return not self.objections


def compare_networks(
    material: GalleryMaterial,
    split: GallerySplit,
    sampled: LabelledFeatures,
    present: tuple[SimilarityWeights, IdentityCalibration],
    candidate: tuple[SimilarityWeights, IdentityCalibration],
    *,
    stranger_rate: float,
    seed: int,
) -> NetworkComparison:
    """Compare on the faces that judge, on people sampled for judging and on every verdict of the gallery.

    Args:
        material: of the gallery.
        split: its rows; only ``test`` is judged on.
        sampled: people that the candidate was not trained on.
        present: the network in use.
        candidate: the new one.
        stranger_rate: that verdicts are judged at.
        seed: of the drawing of pairs.
    """
    judges = [(SimilarityNetwork(weights), calibration) for weights, calibration in (present, candidate)]
    generator = np.random.default_rng(seed + 7)
    held_out = own_pairs(material.features, split, sampled, generator)
    everybody = sampled_pairs(sampled, _SAMPLED_IMPOSTORS, generator)
    own_before, own_after = (held_out.figures(*judge) for judge in judges)
    before, after = (everybody.figures(*judge) for judge in judges)
    if before is None or after is None:
        raise AssertionError("sampled people have several faces each")
    own = (own_before, own_after) if own_before is not None and own_after is not None else None
    changes = verdict_changes(material, judges[0], judges[1], stranger_rate=stranger_rate)
    objections = [*_changes_for_the_worse(changes), *_losses("other people", (before, after))]
    if own is not None:
        objections += _losses("held-out faces", own)
    return NetworkComparison(own, (before, after), changes, tuple(objections))


def _losses(whom: str, figures: tuple[PairFigures, PairFigures]) -> list[str]:
    before, after = figures
    # One pair of few is no evidence.
    one_pair = 1.01 / max(before.genuine, 1)
    found = []
    if after.accuracy < before.accuracy - max(_ALLOWED["accuracy"], one_pair / 2):
        found.append(f"accuracy on {whom} falls from {before.accuracy:.2%} to {after.accuracy:.2%}")
    if after.tar_at_far_1e3 < before.tar_at_far_1e3 - max(_ALLOWED["tar_at_far_1e3"], one_pair):
        found.append(f"TAR at FAR 1e-3 on {whom} falls from {before.tar_at_far_1e3:.2%} to {after.tar_at_far_1e3:.2%}")
    if after.calibration_error > before.calibration_error + _ALLOWED["calibration_error"]:
        found.append(
            f"calibration error on {whom} grows from {before.calibration_error:.3f} to {after.calibration_error:.3f}"
        )
    return found


def _changes_for_the_worse(changes: VerdictChanges) -> list[str]:
    found = []
    right, wrong, said = changes.faces_right, changes.faces_wrong, changes.corrections_right
    if wrong[1] > wrong[0]:
        found.append(f"{wrong[1]} enrolled faces would be given a wrong name instead of {wrong[0]}")
    if right[1] < right[0]:
        found.append(f"{right[1]} enrolled faces would be judged rightly instead of {right[0]}")
    if said[1] < said[0]:
        found.append(f"{said[1]} corrections would be followed instead of {said[0]}")
    return found
