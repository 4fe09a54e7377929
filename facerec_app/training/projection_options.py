"""What a training of a projection (triplet or ranking objective) can be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from facerec_app.core.errors import ConfigError

ProjectionStart = Literal["pca-whitening", "within-whitening", "identity"]
ProjectionObjective = Literal["triplet", "ranking"]


@dataclass(frozen=True, slots=True)
class ProjectionOptions:
    """Options of one training run; ``of_objective`` gives the defaults of each objective.

    Attributes:
        objective: ``triplet`` (squared distances) or ``ranking`` (dot products), both of unit-length projections.
        start: the projection before the first epoch: PCA-whitening of the faces, or of how the faces of one person
            differ from their mean (``within-whitening``, which measured better), or none.
        shrinkage: of the whitening: what is added to every variance, in units of their mean. 0 is plain whitening,
            a large value leaves the features as they are.
        dimension: values after the projection; None keeps all.
        normalise: features by their mean and standard deviation first, as the similarity network does; otherwise
            they are only centred by their mean.
        margin: by which a face of the same person has to be nearer than one of another.
        hard_share: share of the triplets whose negative is the hardest of the pool; the others' is semi-hard (Schroff
            et al., "FaceNet", CVPR 2015, section 3.2): further than the positive, by less than the margin if possible.
        pool: faces of other people looked through for each epoch's negatives.
        kept_share: share of the triplets, the hardest, that an epoch trains on.
        epochs: at most.
        patience: epochs without a better validation loss after which training ends.
        batch: triplets in a step.
        learning_rate: of the optimiser.
        optimiser: ``adam`` or ``sgd`` (momentum 0.9).
        pull_to_start: penalty on the squared difference from the start, which is where a few faces leave it.
        pairs_per_person: cap on genuine pairs of one person in an epoch.
        seed: of everything random.
    """

    objective: ProjectionObjective = "triplet"
    start: ProjectionStart = "within-whitening"
    shrinkage: float = 1.0
    dimension: int | None = None
    normalise: bool = False
    margin: float = 0.1
    hard_share: float = 0.5
    pool: int = 4096
    kept_share: float = 1.0
    epochs: int = 30
    patience: int = 6
    batch: int = 256
    learning_rate: float = 0.02
    optimiser: Literal["adam", "sgd"] = "sgd"
    pull_to_start: float = 0.0
    pairs_per_person: int = 30
    seed: int = 20

    @staticmethod
    def of_objective(objective: ProjectionObjective) -> ProjectionOptions:
        """Return the defaults of an objective (docs/objectives.md has the measurements behind them)."""
        if objective == "ranking":
            return ProjectionOptions(objective="ranking", start="identity")
        return ProjectionOptions()

    def __post_init__(self) -> None:
        """Refuse values that cannot be meant.

        Raises:
            ConfigError: names the option and what it may be.
        """
        for name, value in {"hard share": self.hard_share, "kept share": self.kept_share}.items():
            if not 0.0 <= value <= 1.0:
                raise ConfigError(f"The {name} is {value}; choose between 0 and 1.")
        for name, value in {"shrinkage": self.shrinkage, "pull to the start": self.pull_to_start}.items():
            if not value >= 0:
                raise ConfigError(f"The {name} is {value}; choose 0 or more.")
        positive = {
            "margin": self.margin, "epochs": self.epochs, "patience": self.patience, "batch": self.batch,
            "learning rate": self.learning_rate, "pairs per person": self.pairs_per_person, "pool": self.pool,
            "kept share": self.kept_share, "dimension": 1 if self.dimension is None else self.dimension,
        }  # fmt: skip
        for name, value in positive.items():
            if not value > 0:
                raise ConfigError(f"The {name} is {value}; choose a number above 0.")
