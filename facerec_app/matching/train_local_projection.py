"""Fits the projection of local features for one layer of a network.

``python -m facerec_app.matching.train_local_projection --data $FACEREC_TEST_DATA --map conv3 --out assets/models``
makes the shipped one, from LFW pictures of the people in splits/train_people.txt and UK Parliament portraits.

``python -m facerec_app.matching.train_local_projection --pictures FOLDER --network resnet50.onnx --map conv3 --out D``
makes one for another ResNet50, such as one with ImageNet weights that ``extraction.keras_onnx_export`` wrote.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from facerec_app.capture.images import iter_image_files, read_image
from facerec_app.core.errors import FacerecError, NotEnoughDataError
from facerec_app.core.types import Float32Array
from facerec_app.matching.feature_map import FEATURE_MAPS, FeatureMap, feature_map
from facerec_app.matching.feature_projection import fit_projection, projection_to_bytes
from facerec_app.matching.local_feature_extractor import MapExtractor
from facerec_app.models.model_store import ModelStore

NETWORK = "resnet50-local"
_PEOPLE, _PORTRAITS = 200, 50
_STRONGEST, _DRAWN = 1000, 80


def shipped_pictures(data: Path, seed: int) -> list[Path]:
    """Return one picture each of 200 training people, with what is around their faces, and 50 portraits, drawn.

    Raises:
        NotEnoughDataError: if there are fewer.
    """
    names = (data / "splits" / "train_people.txt").read_text(encoding="utf-8").split()
    faces = [file for name in names for file in sorted((data / "lfw" / name).glob("*.jpg"))[:1]]
    portraits = sorted((data / "portraits").iterdir())
    if len(faces) < _PEOPLE or len(portraits) < _PORTRAITS:
        raise NotEnoughDataError(f"{data} holds too few pictures; see its README for what is expected.")
    generator = np.random.default_rng(seed)
    drawn = [
        np.sort(generator.choice(len(group), count, replace=False))
        for group, count in ((faces, _PEOPLE), (portraits, _PORTRAITS))
    ]
    return [faces[row] for row in drawn[0]] + [portraits[row] for row in drawn[1]]


def sample_vectors(pictures: Sequence[Path], network: bytes, chosen: FeatureMap, seed: int) -> Float32Array:
    """Return ``(N, C)`` float32 vectors, at most 80 of the strongest 1,000 of each picture."""
    extractor, generator = MapExtractor(network, chosen), np.random.default_rng(seed)
    kept = []
    for picture in pictures:
        vectors = extractor.strongest(read_image(picture), _STRONGEST)[3]
        kept.append(vectors[generator.choice(len(vectors), min(_DRAWN, len(vectors)), replace=False)])
    return np.concatenate(kept)


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit and store a projection from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--data", type=Path, help="folder of the project's real data")
    source.add_argument("--pictures", type=Path, help="folder with at least 50 pictures of any kind")
    parser.add_argument("--network", type=Path, help="ResNet50 as ONNX; default is the shipped one")
    parser.add_argument("--map", choices=sorted(FEATURE_MAPS), required=True)
    parser.add_argument("--out", type=Path, required=True, help="folder for the projection and its record")
    parser.add_argument("--seed", type=int, default=30)
    given = parser.parse_args(arguments)
    chosen = feature_map(given.map)
    try:
        network = given.network.read_bytes() if given.network else ModelStore().read(NETWORK)
        pictures = shipped_pictures(given.data, given.seed) if given.data else list(iter_image_files(given.pictures))
        if not pictures:
            raise NotEnoughDataError(f"{given.pictures} holds no pictures; name a folder with at least 50.")
        vectors = sample_vectors(pictures, network, chosen, given.seed)
        sha256 = hashlib.sha256(network).hexdigest()
        content = projection_to_bytes(fit_projection(vectors, chosen.layer, sha256, whitened=chosen.whitened))
        given.out.mkdir(parents=True, exist_ok=True)
        (given.out / f"{chosen.projection_file}.safetensors").write_bytes(content)
    except (FacerecError, OSError) as exc:
        print(exc, file=sys.stderr)
        return 1
    record = {
        "pictures": len(pictures), "vectors": len(vectors), "layer": chosen.layer, "whitened": chosen.whitened,
        "network_sha256": sha256, "seed": given.seed, "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
    }  # fmt: skip
    text = json.dumps(record, indent=1)
    (given.out / f"{chosen.projection_file}.training.json").write_text(text + "\n", encoding="utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
