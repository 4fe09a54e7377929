"""How looks of uneven quality at one face are best weighed.

A film shows a face small, dark, from the side and off its place, and each frame otherwise. Six such looks are made of
each picture of people held out of training, with the quality that the live path would give them, and compared with
one clean picture of everybody: by their mean feature (``resnet50``), or each by itself and the scores averaged
afterwards (``sface``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from facerec_app.core.protocols import InferenceSession
from facerec_app.core.types import Float32Array, Int64Array, UInt8Array
from facerec_app.decision.look_weights import SURENESS_POWER, look_weights
from facerec_app.training.extractor.face_dataset import CROP_PX, centre_crops, load_faces
from facerec_app.training.extractor.face_turning import turned
from facerec_app.training.extractor.judging import raw_values
from facerec_app.training.extractor.teachers import in_batches, unit_rows

LOOKS = 6
PICTURES_OF_A_PERSON = 3
SEEDS = (5, 6, 7)
FALSE_ACCEPT_RATES = (1e-2, 1e-3, 2e-4)
Weigh = Callable[[Float32Array, Float32Array], Float32Array]


def _surely(quality: Float32Array, norms: Float32Array, *, power: float) -> Float32Array:
    return np.stack([look_weights(*film, power=power) for film in zip(quality, norms, strict=True)])


WEIGHTINGS: Mapping[str, Weigh] = {
    "one look": lambda quality, _norms: np.eye(1, quality.shape[1], dtype=np.float32).repeat(len(quality), axis=0),
    "alike": lambda quality, _norms: np.ones_like(quality),
    "quality, 0.1 at least": lambda quality, _norms: np.maximum(quality, np.float32(0.1)),
    "root of quality": lambda quality, _norms: np.sqrt(np.maximum(quality, np.float32(0.01))),
    "quality": partial(_surely, power=0.0),
    **{f"quality, length^{power:.0f}": partial(_surely, power=power) for power in (4.0, 8.0, SURENESS_POWER, 24.0)},
    f"length^{SURENESS_POWER:.0f}": lambda quality, norms: _surely(np.ones_like(quality), norms, power=SURENESS_POWER),
}


@dataclass(frozen=True, slots=True)
class Weighting:
    """What a way to weigh looks comes to, the mean over the films of all seeds.

    Attributes:
        network: ``sface`` or ``student``.
        name: of the way.
        thresholds: cosines that strangers reach at each of ``FALSE_ACCEPT_RATES``.
        found: share of films accepted with the person's other picture there.
        cosine: mean cosine with the person's other picture.
        films: with another picture of the same person.
    """

    network: str
    name: str
    thresholds: tuple[float, ...]
    found: tuple[float, ...]
    cosine: float
    films: int


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """What one network made of the looks of one seed.

    Attributes:
        cosines: ``(F, LOOKS, P)`` of single looks with everybody's enrolled picture.
        products: ``(F, LOOKS, LOOKS)`` cosines of a film's looks with each other, to scale means to length one.
        norms: ``(F, LOOKS)``.
    """

    cosines: Float32Array
    products: Float32Array
    norms: Float32Array

    def judged(self, weights: Float32Array, *, averages: bool) -> Float32Array:
        """Return ``(F, P)`` cosines of the films' mean features, or means of the looks' cosines."""
        sums = np.einsum("fl,flp->fp", weights, self.cosines)
        if not averages:
            return np.asarray(sums / weights.sum(axis=1, keepdims=True), np.float32)
        lengths = np.sqrt(np.einsum("fl,fm,flm->f", weights, weights, self.products))
        return np.asarray(sums / lengths[:, None], np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Films:
    """Looks at faces.

    Attributes:
        stored_rgb: ``(F * LOOKS, S, S, 3)`` uint8.
        quality: ``(F, LOOKS)`` float32, as ``crop_quality`` would say.
        source: ``(F,)`` row of the picture that each film was made of.
    """

    stored_rgb: UInt8Array
    quality: Float32Array
    source: Int64Array


def judge_looks(student: InferenceSession, sface: InferenceSession, held_out: Path) -> list[Weighting]:
    """Return how each way to weigh does on held-out people.

    Args:
        student: the exported graph; its projection with mirror image is judged, by mean features.
        sface: judged look by look.
        held_out: folder of aligned faces.
    """
    faces = load_faces(held_out)
    stored, people = np.array(faces.pixels_rgb), np.asarray(faces.people)
    _, first = np.unique(people, return_index=True)
    films = [make_films(stored, people, np.random.default_rng(seed)) for seed in SEEDS]
    networks: tuple[tuple[str, bool, Callable[[UInt8Array], Float32Array]], ...] = (
        ("student", True, lambda pictures: raw_values(student, pictures, mirror=True)[1]),
        ("sface", False, lambda pictures: in_batches(sface, centre_crops(pictures))),
    )
    rows: list[Weighting] = []
    for network, averages, embed in networks:
        enrolled = unit_rows(embed(stored[first]))
        seen = [_seen(embed(part.stored_rgb), enrolled) for part in films]
        for name, weigh in WEIGHTINGS.items():
            parts = [
                _measured(one.judged(weigh(part.quality, one.norms), averages=averages), part.source, people, first)
                for one, part in zip(seen, films, strict=True)
            ]
            bars, found, cosines = (np.mean([part[column] for part in parts], axis=0) for column in range(3))
            many = sum(part[3] for part in parts)
            rows.append(Weighting(network, name, tuple(bars.tolist()), tuple(found.tolist()), float(cosines), many))
    return rows


def _seen(looks: Float32Array, enrolled: Float32Array) -> _Seen:
    unit = unit_rows(looks).reshape(-1, LOOKS, looks.shape[1])
    return _Seen(
        np.asarray(unit @ enrolled.T, np.float32),
        np.asarray(unit @ unit.transpose(0, 2, 1), np.float32),
        np.linalg.norm(looks, axis=1).reshape(-1, LOOKS).astype(np.float32),
    )


def _measured(
    cosines: Float32Array, source: Int64Array, people: Int64Array, first: Int64Array
) -> tuple[list[float], list[float], float, int]:
    """Return thresholds, shares found at them, the mean genuine cosine, and the number of genuine comparisons."""
    same = people[source][:, None] == people[first][None, :]
    itself = source[:, None] == first[None, :]
    bars = [float(np.quantile(cosines[~same], 1 - rate)) for rate in FALSE_ACCEPT_RATES]
    genuine = cosines[same & ~itself]
    return bars, [float((genuine > bar).mean()) for bar in bars], float(genuine.mean()), len(genuine)


def make_films(stored_rgb: UInt8Array, people: Int64Array, generator: np.random.Generator) -> Films:
    """Return films of up to three pictures of each person, the first left out where there are others to enrol by."""
    pictures, qualities, sources = [], [], []
    for person in np.unique(people):
        own = np.flatnonzero(people == person)
        for row in own[1 : PICTURES_OF_A_PERSON + 1] if len(own) > 1 else own:
            yaw, size_px = generator.normal(0, 30), np.exp(generator.uniform(np.log(20), np.log(CROP_PX)))
            light = np.exp(generator.uniform(np.log(0.25), 0))
            for _ in range(LOOKS):
                now = float(np.clip(yaw + generator.normal(0, 12), -70, 70))
                size = float(np.clip(size_px * np.exp(generator.normal(0, 0.1)), 18, CROP_PX))
                pictures.append(_look(stored_rgb[row], now, size, light, generator))
                qualities.append(_quality(now + generator.normal(0, 5), size))
            sources.append(row)
    quality = np.array(qualities, np.float32).reshape(-1, LOOKS)
    return Films(np.stack(pictures), quality, np.array(sources, np.int64))


def _look(
    picture: UInt8Array, yaw_deg: float, size_px: float, light: float, generator: np.random.Generator
) -> UInt8Array:
    """Return a face turned, off its place the more it is turned, coarse, dark and with a sensor's noise."""
    side = turned(np.array(picture), round(yaw_deg), 40)
    middle, turned_by = (side.shape[0] - 1) / 2, abs(yaw_deg)
    turn, scale = generator.normal(0, 3 + 0.1 * turned_by), np.exp(generator.normal(0, 0.03 + turned_by / 900))
    placement = np.asarray(cv2.getRotationMatrix2D((middle, middle), turn, scale), np.float64)
    placement[:, 2] += generator.normal(0, 1.5 + 0.07 * turned_by, 2)
    placed = cv2.warpAffine(side, placement, side.shape[:2], borderMode=cv2.BORDER_REPLICATE)
    pixels = max(8, round(size_px * side.shape[0] / CROP_PX))
    small = cv2.resize(placed, (pixels, pixels), interpolation=cv2.INTER_AREA)
    coarse = cv2.resize(small, side.shape[:2], interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.clip(coarse * light + generator.normal(0, 4, coarse.shape), 0, 255), np.uint8)


def _quality(estimated_yaw_deg: float, size_px: float) -> float:
    """Return the quality of a sharp crop of this size whose yaw was estimated so (``crop_quality``)."""
    frontality = 2 * np.cos(np.deg2rad(min(abs(estimated_yaw_deg), 90.0))) - 1
    return float(min(size_px / 80, 1.0) * np.clip(frontality, 0.05, 1.0))
