"""How good recognition is: every evaluation that a user can ask for, as a report."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facerec_app.core.errors import ConfigError, NotEnoughDataError, UnreadableImageError
from facerec_app.core.types import GallerySnapshot
from facerec_app.decision.threshold_decider import ThresholdDecider
from facerec_app.evaluation.comparison import compared, compared_scorer, comparison_report
from facerec_app.evaluation.degradation_trial import DegradedResult, degraded_result, probe_and_reference_rows
from facerec_app.evaluation.evaluation_report import EvaluationReport
from facerec_app.evaluation.face_embedding import PictureChange, aligned_crops, embed_faces
from facerec_app.evaluation.feature_cache import FeatureCache
from facerec_app.evaluation.gallery_report import gallery_report
from facerec_app.evaluation.gallery_review import LeftOutRanker, review_gallery
from facerec_app.evaluation.identification_metrics import identification_figures
from facerec_app.evaluation.identification_protocol import (
    OpenSetPeople,
    OpenSetPlan,
    OpenSetTrials,
    people_by_pictures,
    run_open_set,
    split_in_halves,
)
from facerec_app.evaluation.identification_report import identification_report
from facerec_app.evaluation.one_shot import CandidateScorer, FeatureCandidateScorer, draw_one_shot_trials, run_one_shot
from facerec_app.evaluation.people_lists import pictures_of_list, pictures_of_pairs, read_people_list
from facerec_app.evaluation.picture_degradations import standard_degradations
from facerec_app.evaluation.picture_faces import PictureFaces
from facerec_app.evaluation.retrieval import RankedPictures, ranked_pictures, retrieval_figures
from facerec_app.evaluation.retrieval_report import one_shot_report, retrieval_report
from facerec_app.evaluation.subject import Subject
from facerec_app.evaluation.threshold_choice import cross_fitted_correct
from facerec_app.evaluation.verification_report import verification_report, verification_result
from facerec_app.evaluation.verification_run import VerificationRun
from facerec_app.services.evaluation_data import EvaluationData, data_hashes, joined_hashes, subject_hashes
from facerec_app.services.evaluation_subjects import COSINE, PRESENT, EvaluationSubjects
from facerec_app.services.progress import CancelCheck, Progress, ProgressCallback, never_cancelled, no_progress
from facerec_app.training.lfw_pairs import read_pair_list
from facerec_app.training.siamese_conv_network import DescribedFaces, SiameseConvNetwork, SiameseConvWeights
from facerec_app.training.verification_metrics import PersonBootstrap


@dataclass(frozen=True, slots=True, eq=False)
class RetrievalResult:
    """A retrieval report with the ranked lists it was made from, by scorer."""

    report: EvaluationReport
    faces: PictureFaces
    ranked: Mapping[str, tuple[RankedPictures, np.ndarray]]


class EvaluationService:
    """Evaluates detector, aligner, extractor, similarity network and decision as the program runs them.

    Args:
        subjects: understands what the user wants evaluated.
        cache: features of pictures that were looked at before.
        gallery: gives the present gallery, embedded, and the picture of each face.
        stranger_rate: for which the program decides.
    """

    def __init__(
        self,
        subjects: EvaluationSubjects,
        cache: FeatureCache,
        gallery: Callable[[], tuple[GallerySnapshot, Mapping[str, Path]]],
        stranger_rate: float,
    ) -> None:
        self.subjects = subjects
        self.cache = cache
        self._gallery = gallery
        self.stranger_rate = stranger_rate

    def verification(
        self,
        data: EvaluationData,
        pairs_file: Path | None = None,
        *,
        scorer: str = PRESENT,
        degrade: bool = False,
        on_progress: ProgressCallback = no_progress,
        cancelled: CancelCheck = never_cancelled,
    ) -> EvaluationReport:
        """Return how well pairs of one person are told from pairs of two.

        With a pair list, its pairs give the accuracy and all pairs of its people's pictures the rest; without, all
        pairs of the people give everything.

        Raises:
            ConfigError: if a list cannot be read or names what is not there.
            NotEnoughDataError: if the pictures make no pairs of both kinds.
            UnreadableImageError: if a picture cannot be read, or none shows a face.
            TrainingCancelledError: if the user ended it.
        """
        subject, plain = self.subjects.subject(scorer), self.subjects.subject(COSINE)
        pairs = read_pair_list(pairs_file) if pairs_file is not None else None
        if pairs is not None and pairs_file is not None:
            pictures = pictures_of_pairs(data.root, pairs, pairs_file)
        else:
            pictures = data.pictures()
        faces = self._faces(subject, data.root, pictures, on_progress, cancelled)
        run = VerificationRun(faces, pairs)
        on_progress(Progress(0, None, "resampling people"))
        network = run.measured(subject.score, self._threshold(subject, run))
        cosine = run.measured(plain.score, self._threshold(plain, run))
        degraded: tuple[DegradedResult, ...] = ()
        if degrade:
            threshold = network.figures.threshold
            degraded = self._degraded(subject, data.root, faces, threshold, on_progress, cancelled)
        calibration = subject.calibration.pairs if subject.calibration is not None else None
        result = verification_result(
            run, network, cosine, degraded, calibration, is_threshold_foreign=subject.threshold is not None
        )
        remarks = self._remarks()
        if subject.threshold is None:
            remarks += (f"{subject.name} has no threshold of its own; it is the mean of those that suit these people.",)
        extra = {"pairs": hashlib.sha256(pairs_file.read_bytes()).hexdigest()} if pairs_file is not None else {}
        return verification_report(result, data.root, {**extra, **subject_hashes(subject, faces)}, remarks)

    def identification(
        self,
        data: EvaluationData,
        *,
        gallery_sizes: Sequence[int] = (),
        fill_files: Sequence[Path] = (),
        strangers_file: Path | None = None,
        enrolled_pictures: int = 1,
        draws: int = 10,
        seed: int = 1,
        scorer: str = PRESENT,
        on_progress: ProgressCallback = no_progress,
        cancelled: CancelCheck = never_cancelled,
    ) -> EvaluationReport:
        """Return how many enrolled people are missed and how many strangers named, in galleries of several sizes.

        Without ``fill_files`` and ``strangers_file``, half of the people are enrolled and the others are strangers.

        Raises:
            ConfigError, NotEnoughDataError, UnreadableImageError, TrainingCancelledError: as the message says.
        """
        subject = self.subjects.subject(scorer)
        lists = [read_people_list(file) for file in fill_files]
        strangers = read_people_list(strangers_file) if strangers_file is not None else None
        named = data.people()
        everybody = list(dict.fromkeys([*named, *(name for group in lists for name in group), *(strangers or ())]))
        pictures = pictures_of_list(data.root, everybody, "the lists")
        faces = self._faces(subject, data.root, pictures, on_progress, cancelled)
        people = self._open_set_people(faces, named, lists, strangers, enrolled_pictures, seed)
        sizes = sorted(set(gallery_sizes)) or [len(people.probes) + sum(len(group) for group in people.fillers)]
        if lists or strangers is not None:
            sizes = sorted(set(gallery_sizes)) or [len(people.probes)]
        plans = [OpenSetPlan(size, enrolled_pictures, draws, seed) for size in sizes]
        decider = _decider(subject, self.stranger_rate)
        trials: list[OpenSetTrials] = []
        for plan in plans:
            on_draw = _stage(on_progress, f"gallery of {plan.gallery_people}")
            trials.append(
                run_open_set(faces, people, plan, subject.scorer, decider, on_draw=on_draw, cancelled=cancelled)
            )
        figures = [
            identification_figures(trial, plan.gallery_people, decided=decider is not None)
            for trial, plan in zip(trials, plans, strict=True)
        ]
        return identification_report(
            faces,
            people,
            plans,
            trials,
            figures,
            self.stranger_rate,
            data.root,
            subject_hashes(subject, faces),
            self._remarks(),
        )

    def retrieval(
        self,
        data: EvaluationData,
        scorers: Sequence[str] = (PRESENT, COSINE),
        *,
        on_progress: ProgressCallback = no_progress,
        cancelled: CancelCheck = never_cancelled,
    ) -> RetrievalResult:
        """Return how well a picture finds the other pictures of its person.

        Raises:
            ConfigError, NotEnoughDataError, UnreadableImageError, TrainingCancelledError: as the message says.
        """
        subjects = self._subjects_of_one_source(scorers)
        faces = self._faces(subjects[0], data.root, data.pictures(), on_progress, cancelled)
        figures, ranked = {}, {}
        for subject in subjects:
            lists = ranked_pictures(faces, subject.score)
            figures[subject.name] = retrieval_figures(faces, lists)
            ranked[subject.name] = (lists, figures[subject.name].average_precisions)
        report = retrieval_report(faces, figures, joined_hashes(subjects, faces), self._remarks())
        return RetrievalResult(report, faces, ranked)

    def one_shot(
        self,
        data: EvaluationData,
        scorers: Sequence[str] = (PRESENT, COSINE),
        *,
        ways: int = 20,
        trials: int = 1000,
        seed: int = 1,
        twin_network_file: Path | None = None,
        on_progress: ProgressCallback = no_progress,
        cancelled: CancelCheck = never_cancelled,
    ) -> EvaluationReport:
        """Return how often one of N people, known by one picture each, is found.

        Args:
            data: the pictures.
            scorers: judged on features.
            ways: N.
            trials: number of trials, the same for every scorer.
            seed: of the trials.
            twin_network_file: weights of a convolutional twin network, which is judged on pixels beside them.
            on_progress: told of every trial.
            cancelled: asked before every trial.

        Raises:
            ConfigError, NotEnoughDataError, UnreadableImageError, TrainingCancelledError: as the message says.
        """
        subjects = self._subjects_of_one_source(scorers)
        faces = self._faces(subjects[0], data.root, data.pictures(), on_progress, cancelled)
        drawn = draw_one_shot_trials(faces, ways, trials, seed)
        hashes = joined_hashes(subjects, faces)
        judges: dict[str, CandidateScorer] = {s.name: FeatureCandidateScorer(faces, s.score) for s in subjects}
        if twin_network_file is not None:
            network = SiameseConvNetwork(SiameseConvWeights.from_file(twin_network_file))
            judges["siamese-conv"] = DescribedFaces(network, aligned_crops(data.root, faces, subjects[0].source))
            hashes[f"weights:{twin_network_file.name}"] = hashlib.sha256(twin_network_file.read_bytes()).hexdigest()
        figures = {
            name: run_one_shot(faces, drawn, judge, on_trial=_stage(on_progress, name), cancelled=cancelled)
            for name, judge in judges.items()
        }
        return one_shot_report(faces, figures, ways, seed, hashes, self._remarks())

    def gallery(
        self, *, on_progress: ProgressCallback = no_progress, cancelled: CancelCheck = never_cancelled
    ) -> EvaluationReport:
        """Return which enrolled people and faces need attention.

        Raises:
            NotEnoughDataError: if fewer than two faces are enrolled.
            WeightsMissingError: if the profile has no network or calibration to decide with.
            TrainingCancelledError: if the user ended it.
        """
        subject = self.subjects.subject(PRESENT)
        decider = _decider(subject, self.stranger_rate)
        if decider is None:
            raise ConfigError("The similarity network in use has no calibration; choose another profile.")
        snapshot, picture_of = self._gallery()
        review = review_gallery(
            snapshot, LeftOutRanker(subject.scorer, snapshot), decider, on_face=_stage(on_progress, "faces"),
            cancelled=cancelled,
        )  # fmt: skip
        hashes = {**subject.hashes, "extractor_version": snapshot.extractor_version}
        return gallery_report(review, snapshot.names, picture_of, hashes, ())

    def compare(
        self,
        data: EvaluationData,
        first: str,
        second: str,
        *,
        on_progress: ProgressCallback = no_progress,
        cancelled: CancelCheck = never_cancelled,
    ) -> EvaluationReport:
        """Return which of two scorers, versions or profiles is better on the same pictures, and whether by chance.

        Raises:
            ConfigError, NotEnoughDataError, UnreadableImageError, TrainingCancelledError: as the message says.
        """
        subjects = [self.subjects.subject(spec) for spec in (first, second)]
        pictures, bootstrap = data.pictures(), PersonBootstrap()
        sides, runs = [], []
        for subject in subjects:
            faces = self._faces(subject, data.root, pictures, on_progress, cancelled)
            on_progress(Progress(0, None, f"resampling people: {subject.name}"))
            runs.append(VerificationRun(faces, None, bootstrap))
            sides.append(compared_scorer(subject.name, runs[-1], subject.score, bootstrap))
        hashes = {
            f"{side}:{name}": value
            for side, subject in zip("AB", subjects, strict=True)
            for name, value in subject.hashes.items()
        }
        report_hashes = {**hashes, **{f"A:{k}": v for k, v in data_hashes(runs[0].faces).items()},
                         **{f"B:{k}": v for k, v in data_hashes(runs[1].faces).items()}}  # fmt: skip
        return comparison_report(compared(*sides), runs[0], report_hashes, self._remarks())

    def _subjects_of_one_source(self, scorers: Sequence[str]) -> list[Subject]:
        if not scorers:
            raise ConfigError("Name at least one scorer with --scorer, such as cosine or shipped.")
        subjects = [self.subjects.subject(spec) for spec in dict.fromkeys(scorers)]
        for subject in subjects:
            if subject.source.preprocessing != subjects[0].source.preprocessing:
                raise ConfigError(
                    f"{subjects[0].name} and {subject.name} work on other features; 'facerec evaluate compare' puts "
                    "two profiles side by side."
                )
        return subjects

    def _faces(
        self, subject: Subject, root: Path, pictures: Sequence[str], on_progress: ProgressCallback,
        cancelled: CancelCheck, change: tuple[str, PictureChange] | None = None,
    ) -> PictureFaces:  # fmt: skip
        faces = embed_faces(
            root, pictures, subject.source, self.cache,
            change=change[1] if change is not None else None,
            change_name=change[0] if change is not None else "",
            on_picture=lambda done, total, name: on_progress(Progress(done, total, name)),
            cancelled=cancelled,
        )  # fmt: skip
        if change is None and not faces.rows.found.any():
            raise UnreadableImageError(f"No face was found in any of the {len(pictures)} pictures under {root}.")
        return faces

    def _degraded(
        self, subject: Subject, root: Path, faces: PictureFaces, threshold: float, on_progress: ProgressCallback,
        cancelled: CancelCheck,
    ) -> tuple[DegradedResult, ...]:  # fmt: skip
        probes, references = probe_and_reference_rows(faces)
        if len(probes) < 2:
            raise NotEnoughDataError("Pictures made worse are tried on people with two pictures; give two such people.")
        others = _rows_of(faces, references)
        results = [degraded_result("none", _rows_of(faces, probes), others, subject.score, threshold)]
        names = [faces.pictures[row] for row in probes.tolist()]
        for degradation in standard_degradations():
            changed = self._faces(subject, root, names, on_progress, cancelled, (degradation.name, degradation.change))
            results.append(
                degraded_result(degradation.name, changed, others, subject.score, threshold, degradation.scale)
            )
        return tuple(results)

    @staticmethod
    def _threshold(subject: Subject, run: VerificationRun) -> float:
        """Return the threshold that came with the subject, else one chosen on the other people of this run."""
        if subject.threshold is not None:
            return subject.threshold
        return cross_fitted_correct(run.score_all(subject.score))[1]

    @staticmethod
    def _open_set_people(
        faces: PictureFaces, named: tuple[str, ...], lists: list[tuple[str, ...]], strangers: tuple[str, ...] | None,
        enrolled_pictures: int, seed: int,
    ) -> OpenSetPeople:  # fmt: skip
        if not lists and strangers is None:
            return split_in_halves(faces, enrolled_pictures, seed)
        probes, rest = people_by_pictures(faces, named, enrolled_pictures)
        outside = strangers if strangers is not None else tuple(name for group in lists for name in group)
        both = sorted(set(outside) & set(probes))
        if both:
            raise ConfigError(f"{both[0]} is among the people asked about and among the strangers; mend the lists.")
        return OpenSetPeople(probes, (rest, *lists), tuple(dict.fromkeys(outside)))

    def _remarks(self) -> tuple[str, ...]:
        remarks, self.cache.remarks = tuple(dict.fromkeys(self.cache.remarks)), []
        return remarks


def _rows_of(faces: PictureFaces, rows: np.ndarray) -> PictureFaces:
    return PictureFaces(
        tuple(faces.pictures[row] for row in rows.tolist()), faces.rows.select(rows), faces.extractor_version,
        faces.preprocessing, faces.data_sha256,
    )  # fmt: skip


def _decider(subject: Subject, stranger_rate: float) -> ThresholdDecider | None:
    if subject.calibration is None:
        return None
    return ThresholdDecider(subject.calibration, stranger_rate=stranger_rate)


def _stage(on_progress: ProgressCallback, what: str) -> Callable[[int, int], None]:
    return lambda done, total: on_progress(Progress(done, total, what))
