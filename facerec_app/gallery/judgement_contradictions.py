"""Answers that cannot all be true: found here, settled by the user, never dropped without a word."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from facerec_app.gallery.judgement_entry import MoreAlike
from facerec_app.gallery.records import Judgement

ContradictionKind = Literal["chain", "filed_apart", "filed_together", "likeness_circle", "likeness_filed"]
Said = Judgement | MoreAlike
Node = TypeVar("Node", bound=Hashable)
Step = TypeVar("Step")
_Pair = frozenset[str]


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Some answers of which at least one is wrong.

    Attributes:
        kind: ``chain``: A is B, B is C, yet A is not C. ``filed_apart``: said to be one person, filed under two.
            ``filed_together``: said to be two, filed under one. ``likeness_circle``: each more alike than the next,
            all the way round. ``likeness_filed``: somebody else's picture is said to be more like a face than one of
            its own person.
        answers: those that are at odds, in the order of the chain; of a ``chain`` the last says "different".
        face_ids: the faces in that order; ``answers[i]`` of a ``chain`` joins face ``i`` and the next, the last answer
            the last face and the first.
    """

    kind: ContradictionKind
    answers: tuple[Said, ...]
    face_ids: tuple[str, ...]


def find_contradictions(
    judgements: Sequence[Judgement], more_alike: Sequence[MoreAlike], person_of: Mapping[str, str]
) -> tuple[Contradiction, ...]:
    """Return the shortest contradictions; without the answers in them, the others fit together and with the people.

    Args:
        judgements: answers in force about pairs.
        more_alike: answers in force about likeness.
        person_of: whose each face is filed as; a face that is not in it contradicts no filing.
    """
    chains = _chains(judgements)
    explained = {said for found in chains for said in found.answers}
    filed = [
        found
        for said in judgements
        if said not in explained and (found := _against_filing(said, person_of)) is not None
    ]
    at_odds = [found for said in more_alike if (found := _likeness_against_filing(said, person_of)) is not None]
    left = [said for said in more_alike if not any(said in found.answers for found in at_odds)]
    return (*chains, *filed, *at_odds, *_circles(left))


def disputed_answers(contradictions: Iterable[Contradiction]) -> frozenset[Said]:
    """Return every answer that is part of a contradiction."""
    return frozenset(said for found in contradictions for said in found.answers)


def _chains(judgements: Sequence[Judgement]) -> list[Contradiction]:
    group = _Groups()
    beside: dict[str, list[tuple[str, Judgement]]] = defaultdict(list)
    for said in judgements:
        if said.same_person:
            group.join(said.left_face_id, said.right_face_id)
            beside[said.left_face_id].append((said.right_face_id, said))
            beside[said.right_face_id].append((said.left_face_id, said))
    found = []
    for said in judgements:
        if not said.same_person and group.of(said.left_face_id) == group.of(said.right_face_id):
            way = shortest_way(beside, said.left_face_id, said.right_face_id)
            faces = [said.left_face_id]
            for step in way:
                faces.append(step.right_face_id if step.left_face_id == faces[-1] else step.left_face_id)
            found.append(Contradiction("chain", (*way, said), tuple(faces)))
    return found


def _against_filing(said: Judgement, person_of: Mapping[str, str]) -> Contradiction | None:
    left, right = person_of.get(said.left_face_id), person_of.get(said.right_face_id)
    if left is None or right is None or (left == right) == said.same_person:
        return None
    faces = (said.left_face_id, said.right_face_id)
    return Contradiction("filed_apart" if said.same_person else "filed_together", (said,), faces)


def _likeness_against_filing(said: MoreAlike, person_of: Mapping[str, str]) -> Contradiction | None:
    whose = [person_of.get(face) for face in (said.face_id, said.nearer_face_id, said.farther_face_id)]
    if None in whose or whose[0] != whose[2] or whose[0] == whose[1]:
        return None
    return Contradiction("likeness_filed", (said,), (said.face_id, said.nearer_face_id, said.farther_face_id))


def _circles(more_alike: Sequence[MoreAlike]) -> list[Contradiction]:
    """Return circles of "this pair is nearer than that pair"; a pair of faces has one distance, seen from either."""
    beyond: dict[_Pair, list[tuple[_Pair, MoreAlike]]] = defaultdict(list)
    for said in more_alike:
        near, far = (frozenset((said.face_id, face)) for face in (said.nearer_face_id, said.farther_face_id))
        beyond[near].append((far, said))
    found: list[Contradiction] = []
    in_a_circle: set[MoreAlike] = set()
    for said in more_alike:
        near, far = (frozenset((said.face_id, face)) for face in (said.nearer_face_id, said.farther_face_id))
        way = [] if said in in_a_circle else shortest_way(beyond, far, near)
        if way:
            answers = (said, *way)
            in_a_circle.update(answers)
            faces = dict.fromkeys(f for a in answers for f in (a.face_id, a.nearer_face_id, a.farther_face_id))
            found.append(Contradiction("likeness_circle", answers, tuple(faces)))
    return found


def shortest_way(beside: Mapping[Node, Sequence[tuple[Node, Step]]], start: Node, end: Node) -> list[Step]:
    """Return the steps of a shortest way from one node to another (breadth first); empty if there is none."""
    came_by: dict[Node, tuple[Node, Step] | None] = {start: None}
    waiting = deque([start])
    while waiting and end not in came_by:
        node = waiting.popleft()
        for neighbour, step in beside.get(node, ()):
            if neighbour not in came_by:
                came_by[neighbour] = (node, step)
                waiting.append(neighbour)
    way: list[Step] = []
    before = came_by.get(end)
    while before is not None:
        way.append(before[1])
        before = came_by[before[0]]
    return way[::-1]


class _Groups:
    """Union and find with path halving (Tarjan and van Leeuwen, "Worst-case analysis of set union algorithms",
    Journal of the ACM, 1984)."""

    def __init__(self) -> None:
        self._above: dict[str, str] = {}

    def of(self, face_id: str) -> str:
        """Return the face that stands for the group of a face."""
        above = self._above
        while above.setdefault(face_id, face_id) != face_id:
            above[face_id] = above[above[face_id]]
            face_id = above[face_id]
        return face_id

    def join(self, left: str, right: str) -> None:
        """Make two groups one."""
        self._above[self.of(left)] = self.of(right)
