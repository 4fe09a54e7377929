"""Groups that a user made beside those that were found by likeness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facerec_app.core.types import Float32Array, Int64Array


@dataclass(frozen=True, slots=True, eq=False)
class SettledGroup:
    """Faces of one person, as far as anybody knows.

    Attributes:
        rows: ``(M,)`` int64, the faces, most typical first.
        kept_id: of the group that the user made; None for one that was found.
    """

    rows: Int64Array
    kept_id: str | None


def settle_groups(vectors: Float32Array, found: Int64Array, kept: Sequence[str | None]) -> tuple[SettledGroup, ...]:
    """Return the groups as the user's own decisions leave them, biggest first, faces by themselves as groups of one.

    A face that the user put into a group is in that group and no other, and two groups of the user's never become one.
    A face that nobody moved joins the user's group whose faces it was found together with, the one most like it if
    there are several; otherwise it stays with those that it was found with.

    Args:
        vectors: ``(N, D)`` float32, unit length.
        found: ``(N,)`` int64, groups by likeness, -1 for a face that belongs to none (``cluster_faces``).
        kept: N identifiers of the user's groups, None for a face that nobody moved.
    """
    members: dict[tuple[str, str | int], list[int]] = {}
    for row, group_id in enumerate(kept):
        if group_id is not None:
            members.setdefault(("kept", group_id), []).append(row)
    means = {key[1]: vectors[rows].mean(axis=0) for key, rows in members.items()}
    met: dict[int, set[str]] = {}
    for row, group_id in enumerate(kept):
        if group_id is not None and found[row] >= 0:
            met.setdefault(int(found[row]), set()).add(group_id)
    for row, group_id in enumerate(kept):
        if group_id is not None:
            continue
        cluster = int(found[row])
        rivals = sorted(met.get(cluster, ())) if cluster >= 0 else []
        if rivals:
            best = max(rivals, key=lambda rival, row=row: float(means[rival] @ vectors[row]))  # type: ignore[misc]
            members.setdefault(("kept", best), []).append(row)
        elif cluster >= 0:
            members.setdefault(("found", cluster), []).append(row)
        else:
            members[("alone", row)] = [row]
    groups = [
        SettledGroup(_most_typical_first(vectors, rows), str(name) if kind == "kept" else None)
        for (kind, name), rows in members.items()
    ]
    return tuple(sorted(groups, key=lambda group: (-len(group.rows), int(group.rows.min()))))


def _most_typical_first(vectors: Float32Array, rows: Sequence[int]) -> Int64Array:
    likeness = vectors[rows] @ vectors[rows].mean(axis=0)
    return np.asarray(rows, np.int64)[np.argsort(-likeness, kind="stable")]
