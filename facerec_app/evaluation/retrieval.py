"""Every picture asks for the other pictures of its person: mean average precision and hit rates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facerec_app.core.errors import NotEnoughDataError
from facerec_app.core.types import BoolArray, Float32Array, Int64Array
from facerec_app.evaluation.error_rates import person_mean_draws, rate_interval
from facerec_app.evaluation.picture_faces import PictureFaces
from facerec_app.training.pair_sampling import PairScoring
from facerec_app.training.verification_metrics import Float64Array, PersonBootstrap

_CHUNK = 65536


@dataclass(frozen=True, slots=True, eq=False)
class RankedPictures:
    """What each query brings up, best first, the query itself left out.

    Attributes:
        queries: ``(Q,)`` int64 rows of pictures whose person has another picture.
        order: ``(Q, N - 1)`` int64 rows of pictures.
        relevant: ``(Q, N - 1)`` bool, whether each shows the query's person.
        scores: ``(Q, N - 1)`` float32; minus infinity where either picture shows no face.
    """

    queries: Int64Array
    order: Int64Array
    relevant: BoolArray
    scores: Float32Array


@dataclass(frozen=True, slots=True, eq=False)
class RetrievalFigures:
    """What is measured of one scorer.

    Attributes:
        queries: number of queries.
        people: whose pictures they are.
        mean_average_precision: mean over the queries of the average precision over the whole ranked list.
        map_interval: 95 % by person.
        map_by_person: the same with every person weighing as much.
        hit_at_1, hit_at_5: share of queries with a picture of the person first, or among the first five.
        hit_at_1_interval: 95 % by person.
        average_precisions: ``(Q,)``.
        precision_at_recall: ``(11,)`` mean interpolated precision at recall 0, 0.1 ... 1.
    """

    queries: int
    people: int
    mean_average_precision: float
    map_interval: tuple[float, float]
    map_by_person: float
    hit_at_1: float
    hit_at_1_interval: tuple[float, float]
    hit_at_5: float
    average_precisions: Float64Array
    precision_at_recall: Float64Array


def ranked_pictures(faces: PictureFaces, score: PairScoring) -> RankedPictures:
    """Return the ranked list of every picture that has another one of its person.

    A picture without a face comes last in every list, and its own list is in the order of the pictures.

    Raises:
        NotEnoughDataError: if nobody has two pictures.
    """
    person = faces.labelled.person_index
    counts = np.bincount(person)
    queries = np.nonzero(counts[person] > 1)[0].astype(np.int64)
    if not len(queries):
        raise NotEnoughDataError(f"None of the {len(counts)} people has two pictures; retrieval needs some who have.")
    count = len(faces)
    order = np.empty((len(queries), count - 1), np.int64)
    scores = np.empty((len(queries), count - 1), np.float32)
    block = max(_CHUNK // count, 1)
    for start in range(0, len(queries), block):
        rows = queries[start : start + block]
        matrix = _scored(faces, rows, score)
        matrix[np.arange(len(rows)), rows] = np.inf  # the query itself: first, and cut off
        ranking = np.argsort(-matrix, axis=1, kind="stable")[:, 1:]
        order[start : start + len(rows)] = ranking
        scores[start : start + len(rows)] = np.take_along_axis(matrix, ranking, axis=1)
    return RankedPictures(queries, order, person[order] == person[queries][:, None], scores)


def _scored(faces: PictureFaces, rows: Int64Array, score: PairScoring) -> Float32Array:
    vectors, found, count = faces.rows.vectors, faces.rows.found, len(faces)
    matrix = score(np.repeat(vectors[rows], count, axis=0), np.tile(vectors, (len(rows), 1))).reshape(len(rows), count)
    usable = found[rows][:, None] & found[None, :]
    return np.where(usable, matrix, np.float32(-np.inf))


def average_precisions(relevant: BoolArray, found: BoolArray) -> Float64Array:
    """Return of each ranked list the mean, over its relevant items, of the precision down to that item.

    Manning, Raghavan and Schütze, "Introduction to Information Retrieval", 2008, section 8.4.

    Args:
        relevant: ``(Q, N)`` bool, best first, at least one a row.
        found: ``(Q,)`` bool; a query without a face gets zero.
    """
    ranks = np.arange(1, relevant.shape[1] + 1)
    precisions = np.cumsum(relevant, axis=1) / ranks
    totals = relevant.sum(axis=1)
    return np.asarray(np.where(found, (precisions * relevant).sum(axis=1) / np.maximum(totals, 1), 0.0), np.float64)


def retrieval_figures(
    faces: PictureFaces, ranked: RankedPictures, bootstrap: PersonBootstrap | None = None
) -> RetrievalFigures:
    """Return the figures of ranked lists."""
    resampling = bootstrap if bootstrap is not None else PersonBootstrap()
    found = faces.rows.found[ranked.queries]
    _, person = np.unique(faces.labelled.person_index[ranked.queries], return_inverse=True)
    precisions = average_precisions(ranked.relevant, found)
    first = (ranked.relevant[:, 0] & found).astype(np.float64)
    fifth = ranked.relevant[:, :5].any(axis=1) & found
    by_person = np.bincount(person, weights=precisions) / np.bincount(person)
    return RetrievalFigures(
        len(ranked.queries), len(by_person), float(precisions.mean()),
        rate_interval(precisions, person, person_mean_draws(precisions, person, resampling)), float(by_person.mean()),
        float(first.mean()), rate_interval(first, person, person_mean_draws(first, person, resampling)),
        float(fifth.mean()),
        precisions, _precision_at_recall(ranked.relevant, found),
    )  # fmt: skip


def _precision_at_recall(relevant: BoolArray, found: BoolArray) -> Float64Array:
    """Return the mean over queries of the best precision at each recall level or beyond (interpolated)."""
    seen = np.cumsum(relevant, axis=1)
    precision = seen / np.arange(1, relevant.shape[1] + 1)
    best_from = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    recall = seen / np.maximum(seen[:, -1:], 1)
    levels = np.linspace(0.0, 1.0, 11)
    at = np.stack([np.argmax(recall >= level - 1e-9, axis=1) for level in levels], axis=1)
    values = np.take_along_axis(best_from, at, axis=1) * found[:, None]
    return np.asarray(values.mean(axis=0), np.float64)
