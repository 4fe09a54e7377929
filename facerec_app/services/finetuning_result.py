"""What a fine-tuning of the extractor came to, in figures and in one sentence."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from facerec_app.training.extractor.finetuning_judgement import ExtractorComparison


@dataclass(frozen=True, slots=True)
class FinetuningResult:
    """The outcome.

    Attributes:
        version_id: of the fine-tuned extractor that is in use now; None if the present one stays.
        comparison: before and after.
        faults: one line for each picture that was left out.
    """

    version_id: str | None
    comparison: ExtractorComparison
    faults: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """The outcome in one sentence or two."""
        if self.version_id is None:
            return f"Not kept: {'; '.join(self.comparison.objections)}. The present extractor stays in use."
        return (
            f"Better, and kept as {self.version_id}: profile resnet50 uses it from the next start on and "
            "then embeds the enrolled faces anew. 'facerec extractors rollback' goes back."
        )

    def to_json(self) -> dict[str, Any]:
        """Return the same as values that JSON knows."""
        compared = self.comparison
        return {
            "kept": self.version_id is not None,
            "version": self.version_id,
            "objections": list(compared.objections),
            "people": compared.people,
            "training_pictures": compared.training,
            "judging_pictures": compared.judging,
            "others_pictures": compared.others,
            "before": asdict(compared.before),
            "after": asdict(compared.after),
            "thresholds": [asdict(threshold) for threshold in compared.thresholds],
            "impostor_bounds": list(compared.impostor_bounds),
            "likeness": compared.likeness,
            "left_out": list(self.faults),
        }
