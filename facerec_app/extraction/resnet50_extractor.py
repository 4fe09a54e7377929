"""A ResNet50 cut at a late block and pooled, 2048 values per face, or the projection behind it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy.typing as npt

from facerec_app.core.errors import WeightsMissingError, WeightsRejectedError
from facerec_app.core.types import Embeddings, FaceCrops
from facerec_app.extraction.crop_embedding import embed_crops
from facerec_app.extraction.extractor_version import ExtractorRecipe
from facerec_app.extraction.pooling import POOLED, Pooling, pooling_of_output
from facerec_app.inference.onnx_weights import with_some_arrays
from facerec_app.inference.openvino_session import OpenvinoSession, Precision
from facerec_app.models.model_store import ModelStore

UNNAMED_LAYER = "pooled"


class Resnet50Extractor:
    """He et al., "Deep Residual Learning for Image Recognition", CVPR 2016, as a feature extractor.

    The network file holds everything from pixels to pooled features (``keras_resnet50`` and ``keras_onnx_export`` make
    one; the training of the shipped weights writes the same form): crop size and dimension are read from it.
    """

    def __init__(
        self,
        store: ModelStore,
        *,
        model: str = "resnet50-face",
        pooling: Pooling = "average",
        output: str = POOLED,
        mirror: bool = False,
        threads: int | None = None,
        precision: Precision = "f32",
        tuned: Mapping[str, npt.NDArray[Any]] | None = None,
    ) -> None:
        """Load the network.

        Args:
            store: where the model files are.
            model: name of the network's manifest entry, whose ``layer`` says where it is cut.
            pooling: how the network pools, ``average``, ``max`` or ``regional-max``; part of the version.
            output: which of the network's outputs to serve: ``pooled``, or ``projection`` where it has one.
            mirror: average each crop's vector with that of its mirror image (twice the time).
            threads: processor threads; None means all.
            precision: of the arithmetic.
            tuned: arrays of a fine-tuning by their names in the network file, in place of the shipped ones.

        Raises:
            WeightsMissingError: if the manifest has no such entry or the file is missing.
            WeightsRejectedError: if it is damaged or no network from crops to vectors.
        """
        entry = store.entry(model)
        layer = entry.layer or UNNAMED_LAYER
        content = store.read(model)
        if tuned is not None:
            content = with_some_arrays(content, tuned)
        self._load(content, model, layer, pooling, output, mirror, threads, precision)

    @classmethod
    def from_file(
        cls,
        path: Path,
        sha256: str,
        *,
        layer: str,
        pooling: Pooling = "average",
        output: str = POOLED,
        mirror: bool = False,
        threads: int | None = None,
        precision: Precision = "f32",
    ) -> Resnet50Extractor:
        """Load a network that is not in a manifest, from a file whose SHA-256 is given.

        Raises:
            WeightsMissingError: if there is no such file.
            WeightsRejectedError: if its hash is another or it is no network from crops to vectors.
        """
        try:
            content = path.read_bytes()
        except OSError as exc:
            raise WeightsMissingError(f"The network {path} cannot be read ({exc.strerror}); check the path.") from exc
        if hashlib.sha256(content).hexdigest() != sha256.lower():
            raise WeightsRejectedError(f"The network {path} has another SHA-256 than the one given; check both.")
        extractor = cls.__new__(cls)
        extractor._load(content, path.name, layer, pooling, output, mirror, threads, precision)
        return extractor

    def _load(
        self,
        content: bytes,
        name: str,
        layer: str,
        pooling: Pooling,
        output: str,
        mirror: bool,
        threads: int | None,
        precision: Precision,
    ) -> None:
        self._session = OpenvinoSession(content, name=name, threads=threads, precision=precision)
        self._output = self._output_number(name, output, pooling)
        takes, gives = self._session.input_shape, self._session.output_shapes[self._output]
        size, dimension = takes[1] if len(takes) == 4 else None, gives[-1]
        if size is None or dimension is None or takes[1:] != (size, size, 3) or len(gives) != 2:
            raise WeightsRejectedError(f"The network '{name}' does not turn square crops into vectors; give another.")
        self._size_px, self._dimension, self._mirror = size, dimension, mirror
        self._version = ExtractorRecipe(
            network="resnet50",
            layer=layer if output == POOLED else output,
            pooling=pooling,
            input_size_px=size,
            preprocessing="in the network" + (" + mirror" if mirror else ""),
            weights_sha256=hashlib.sha256(content).hexdigest(),
        ).version

    def _output_number(self, name: str, output: str, pooling: Pooling) -> int:
        names = self._session.output_names
        if output != POOLED:
            if output in names:
                return names.index(output)
            raise WeightsRejectedError(f"The network '{name}' has no output '{output}', only {', '.join(names)}.")
        said = {way: names.index(found) for found in names if (way := pooling_of_output(found)) is not None}
        if said and pooling not in said:
            ways = ", ".join(said)
            raise WeightsRejectedError(f"The network '{name}' pools by {ways}, not by {pooling}; name its pooling.")
        return said.get(pooling, 0)  # a network from elsewhere may call its only output anything

    @property
    def version(self) -> str:
        """Names the network, layer, pooling, input size, preprocessing and weights."""
        return self._version

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self._dimension

    @property
    def crop_size_px(self) -> int:
        """Side of the crops that the network takes."""
        return self._size_px

    def embed(self, crops: FaceCrops) -> Embeddings:
        """Return one unit-length embedding per crop.

        Args:
            crops: N aligned RGB crops, ``(N, S, S, 3)`` uint8.

        Returns:
            ``(N, D)`` float32; N = 0 returns an empty result without running the network.

        Raises:
            InferenceError: if the network fails or returns values that are not finite.
        """
        return embed_crops(
            self._session,
            crops,
            size_px=self._size_px,
            dimension=self._dimension,
            mirror=self._mirror,
            version=self._version,
            output=self._output,
        )
