"""Faces of nobody known put into groups, one a person, without being told how many people there are.

HDBSCAN (Campello, Moulavi and Sander, "Density-based clustering based on hierarchical density estimates", PAKDD 2013;
scikit-learn's implementation) on a graph of near neighbours, then average linkage (Sokal and Michener, 1958; SciPy's
implementation) inside every cluster that it finds.

Density alone does not serve faces: it is relative, so people who are there once are joined to whoever is next to them.
Of 100 people with five pictures each among 1,000 with one, HDBSCAN alone got 51 % of its pairs right. An absolute
limit, the likeness from which two faces are taken for one person's, is laid on both steps (docs/clusters.md).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from facerec_app.core.protocols import SimilarityScorer
from facerec_app.core.types import Float32Array, Int64Array
from facerec_app.similarity.log_odds import log_odds_of

ALIKE_LOG_ODDS = 4.0
"""Log odds of the similarity network from which two faces count as one person's; chosen on the LFW training people
(docs/clusters.md), where it is a cosine of 0.44 with SFace."""
PAIR_LOG_ODDS = 6.0
"""Log odds from which two faces that are in no cluster, each the other's nearest, count as one person's: two alone are
less to go by than three. A cosine of 0.50 with SFace."""
LEAST_FACES = 3
"""Of a cluster that HDBSCAN may find; what average linkage splits off it may be a pair."""
_MIN_SAMPLES = 2
_NEIGHBOURS = 64
_BLOCK = 1024
_NEAREST = 1e-4
_FAR = 1.0
_ANCHORS = 3
_MOST_LINKED = 5000
"""Faces of a cluster up to which it is looked at again: average linkage needs the distance of every pair, 100 MB."""
_PROBES = 64
_COSINES = np.linspace(-0.2, 0.98, 60)


def cluster_faces(vectors: Float32Array, alike_cosine: float, pair_cosine: float) -> Int64Array:
    """Return which faces are one person's.

    Memory grows with the number of faces, not with its square: only each face's 64 nearest neighbours are kept.

    Args:
        vectors: ``(N, D)`` float32, unit length.
        alike_cosine: faces less alike than this have no edge between them, and a group whose faces are on average less
            alike is split; see ``cosine_at`` and ``ALIKE_LOG_ODDS``.
        pair_cosine: from which two left-over faces are a pair, see ``PAIR_LOG_ODDS``.

    Returns:
        ``(N,)`` int64, the number of the group from 0, -1 for a face that belongs to none.
    """
    groups = np.full(len(vectors), -1, np.int64)
    number = 0
    if len(vectors) >= LEAST_FACES:
        found = _dense_clusters(_neighbour_graph(vectors, alike_cosine))[: len(vectors)]
        for cluster in np.unique(found[found >= 0]).tolist():
            rows = np.flatnonzero(found == cluster)
            parts = _linked(vectors[rows], alike_cosine)
            for part in np.unique(parts).tolist():
                members = rows[parts == part]
                if len(members) > 1:
                    groups[members] = number
                    number += 1
    for pair in _pairs(vectors, np.flatnonzero(groups < 0), pair_cosine):
        groups[list(pair)] = number
        number += 1
    return groups


def cosine_at(scorer: SimilarityScorer, vectors: Float32Array, log_odds: float) -> float:
    """Return the cosine from which a network finds two faces like these more alike than the given log odds.

    Every extractor has cosines of its own; what the network makes of them means the same for all. The network is asked
    about some of the faces, each with made-up ones at known cosines from it.

    Args:
        scorer: the similarity network.
        vectors: ``(N, D)`` float32, unit length, N at least 1.
        log_odds: see ``ALIKE_LOG_ODDS``.
    """
    generator = np.random.default_rng(0)
    probes = vectors[np.linspace(0, len(vectors) - 1, min(_PROBES, len(vectors))).astype(int)]
    aside = generator.standard_normal(probes.shape).astype(np.float32)
    aside -= np.sum(aside * probes, axis=1, keepdims=True) * probes
    aside /= np.maximum(np.linalg.norm(aside, axis=1, keepdims=True), 1e-9)
    said = []
    for cosine in _COSINES.tolist():
        made = (cosine * probes + np.sqrt(1.0 - cosine**2) * aside).astype(np.float32)
        said.append(float(np.median(log_odds_of(scorer.score_pairs(probes, made)))))
    rising = np.maximum.accumulate(said)
    return float(np.interp(log_odds, rising, _COSINES))


def _neighbour_graph(vectors: Float32Array, alike_cosine: float) -> Any:
    """Return the distances of every face to its nearest neighbours as a sparse matrix, ``(N + 3, N + 3)``.

    The last three rows are anchors, near each other and far from every face: they connect what is in pieces, as the
    clustering wants it, and give faces of one person alone something to be denser than.
    """
    from scipy import sparse

    count, nearest = len(vectors), min(_NEIGHBOURS, len(vectors) - 1)
    lefts, rights, distances = [], [], []
    for start in range(0, count, _BLOCK):
        cosines = vectors[start : start + _BLOCK] @ vectors.T
        cosines[np.arange(len(cosines)), np.arange(start, start + len(cosines))] = -1.0
        columns = np.argpartition(-cosines, nearest - 1, axis=1)[:, :nearest]
        values = np.take_along_axis(cosines, columns, axis=1)
        alike = values >= alike_cosine
        lefts.append(np.nonzero(alike)[0] + start)
        rights.append(columns[alike])
        distances.append(np.maximum(1.0 - values[alike].astype(np.float64), _NEAREST))
    anchors = np.arange(count, count + _ANCHORS)
    every = np.arange(count + _ANCHORS)
    lefts.append(np.repeat(every, _ANCHORS))
    rights.append(np.tile(anchors, len(every)))
    far = np.where(np.repeat(every, _ANCHORS) < count, _FAR, _NEAREST)
    distances.append(np.where(lefts[-1] == rights[-1], 0.0, far))
    edges = (np.concatenate(distances), (np.concatenate(lefts), np.concatenate(rights)))
    graph = sparse.coo_matrix(edges, shape=(len(every), len(every))).tocsr()
    graph.eliminate_zeros()
    return graph.maximum(graph.T)


def _dense_clusters(graph: Any) -> npt.NDArray[np.int64]:
    from sklearn.cluster import HDBSCAN

    method = HDBSCAN(min_cluster_size=LEAST_FACES, min_samples=_MIN_SAMPLES, metric="precomputed", copy=False)
    return np.asarray(method.fit(graph).labels_, np.int64)


def _linked(vectors: Float32Array, alike_cosine: float) -> npt.NDArray[np.int64]:
    """Return the parts of a cluster, ``(N,)``, whose faces are on average as alike as those of one person."""
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    if not 1 < len(vectors) <= _MOST_LINKED:
        return np.zeros(len(vectors), np.int64)
    distances = np.clip(1.0 - vectors @ vectors.T, 0.0, 2.0)
    np.fill_diagonal(distances, 0.0)
    tree = linkage(squareform(distances, checks=False), "average")
    return np.asarray(fcluster(tree, 1.0 - alike_cosine, "distance"), np.int64)


def _pairs(vectors: Float32Array, rows: npt.NDArray[np.int64], pair_cosine: float) -> list[tuple[int, int]]:
    """Return pairs of these rows that are each other's nearest of all faces, and near enough."""
    nearest: dict[int, int] = {}
    for start in range(0, len(rows), _BLOCK):
        block = rows[start : start + _BLOCK]
        cosines = vectors[block] @ vectors.T
        cosines[np.arange(len(block)), block] = -1.0
        best = np.argmax(cosines, axis=1)
        near = cosines[np.arange(len(block)), best] >= pair_cosine
        nearest.update(zip(block[near].tolist(), best[near].tolist(), strict=True))
    return [(left, right) for left, right in nearest.items() if left < right and nearest.get(right) == left]
