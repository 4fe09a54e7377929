"""SFace: 128 values per face."""

from __future__ import annotations

from facerec_app.core.types import Embeddings, FaceCrops
from facerec_app.extraction.crop_embedding import embed_crops
from facerec_app.extraction.extractor_version import ExtractorRecipe
from facerec_app.inference.openvino_session import OpenvinoSession, Precision
from facerec_app.models.model_store import ModelStore

CROP_SIZE_PX = 112
DIMENSION = 128


class SfaceExtractor:
    """The network of Zhong et al., "SFace: Sigmoid-Constrained Hypersphere Loss", IEEE TIP 2021, from OpenCV's zoo."""

    def __init__(
        self,
        store: ModelStore,
        *,
        mirror: bool = False,
        threads: int | None = None,
        precision: Precision = "f32",
        model: str = "sface",
    ) -> None:
        """Load the network.

        Args:
            store: where the model files are.
            mirror: average each crop's vector with that of its mirror image (twice the time).
            threads: processor threads; None means all.
            precision: of the arithmetic.
            model: name of the network's manifest entry.

        Raises:
            WeightsMissingError: if the file is missing.
            WeightsRejectedError: if it is damaged.
        """
        self._mirror = mirror
        self._session = OpenvinoSession(store.read(model), name=model, threads=threads, precision=precision)
        recipe = ExtractorRecipe(
            network="sface",
            layer="fc1",
            pooling="none",
            input_size_px=CROP_SIZE_PX,
            preprocessing="rgb 0..255" + (" + mirror" if mirror else ""),
            weights_sha256=store.entry(model).sha256,
        )
        self._version = recipe.version

    @property
    def version(self) -> str:
        """Names the network, layer, input size, preprocessing and weights."""
        return self._version

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return DIMENSION

    def embed(self, crops: FaceCrops) -> Embeddings:
        """Return one unit-length embedding per crop.

        Args:
            crops: N aligned RGB crops, ``(N, 112, 112, 3)`` uint8, on the ArcFace template.

        Returns:
            ``(N, 128)`` float32; N = 0 returns an empty result without running the network.

        Raises:
            InferenceError: if the network fails or returns values that are not finite.
        """
        return embed_crops(
            self._session,
            crops,
            size_px=CROP_SIZE_PX,
            dimension=DIMENSION,
            mirror=self._mirror,
            version=self._version,
        )
