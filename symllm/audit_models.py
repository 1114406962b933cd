"""A claimed closed form on every model of the catalogue: where its hypotheses hold, and how far it is off where they fail.

A model is judged within its own limits: a context beyond them is cut to them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from statistics import median
from typing import Any

from . import catalog, parse, tree
from .crossing import lower
from .errors import SymllmError
from .hypotheses import Hypotheses, Proposition, Prover
from .program import Program
from .scenario import Request, scenario
from .theorem import Subject
from .tree import Tree
from .units import Number, exact, read_number


@dataclass(frozen=True)
class Sample:
    """A claim on one model: the truth, what was claimed, which hypotheses hold.

    at: the label of the model. shares: how much each thing that is neglected is of the whole; empty where that is not known.
    """

    at: str
    truth: Number
    claimed: Number
    described: bool = True
    equations: tuple[bool, ...] = ()
    small: tuple[bool, ...] = ()
    shares: tuple[Fraction, ...] = ()

    @property
    def error(self) -> Fraction:
        """The relative error of what was claimed."""
        return Fraction(self.claimed) / Fraction(self.truth) - 1

    @property
    def holds(self) -> bool:
        """Whether every hypothesis holds of the model."""
        return self.described and all(self.equations) and all(self.small)


@dataclass(frozen=True)
class Survey:
    """A claim on all models that it can be put to.

    median: of the sizes of the errors where the hypotheses fail; worst: the largest error there with the model's name.
    within: the largest error where they hold. described, equations, small: on how many models each hypothesis holds.
    """

    judged: int
    holding: int
    median: Fraction | None
    worst: tuple[str, Fraction] | None
    within: tuple[str, Fraction] | None
    described: int = 0
    equations: tuple[int, ...] = ()
    small: tuple[int, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The survey as JSON."""
        name, error = self.worst or (None, None)
        return {"judged": self.judged, "assumptions_hold": self.holding, "median_error": None if self.median is None else float(self.median),
                "worst_error": None if error is None else float(error), "worst_model": name}  # fmt: skip


def survey(samples: Sequence[Sample]) -> Survey:
    """The samples added up."""
    failing = [(item.at, item.error) for item in samples if not item.holds]
    holding = [(item.at, item.error) for item in samples if item.holds]
    first = samples[0] if samples else Sample("", 1, 1)
    return Survey(
        len(samples), len(holding), median(abs(error) for _, error in failing) if failing else None, _largest(failing), _largest(holding),
        sum(item.described for item in samples), tuple(sum(item.equations[i] for item in samples) for i in range(len(first.equations))),
        tuple(sum(item.small[i] for item in samples) for i in range(len(first.small))),
    )  # fmt: skip


def _largest(errors: Sequence[tuple[str, Fraction]]) -> tuple[str, Fraction] | None:
    return max(errors, key=lambda item: abs(item[1]), default=None)


@dataclass(frozen=True)
class Model:
    """A model with the value of every input."""

    title: str
    program: Program
    values: Mapping[str, Number]

    def amounts(self, *bodies: Tree) -> list[Number] | None:
        """The exact values of expressions; None where the model lacks a size or quantity that they speak of."""
        names = set().union(*(tree.names(body) for body in bodies))
        try:
            found = self.program.run(self.values, names)
            return [exact(tree.evaluate(body, found)) for body in bodies]
        except SymllmError:  # a symbol without a value, or a size of 0 under a fraction
            return None

    def within_limits(self, how: Mapping[str, Any]) -> Model:
        """The model with a check's own values, at its context or at the model's limit where that is less."""
        given = {name: exact(read_number(str(text))) for name, text in how.get("sets", {}).items()}
        values = {**self.values, **given}
        if "context" in how:
            limit = values.get("s_max", how["context"] + values["n"])
            values["s"] = min(how["context"], limit - values["n"])
        return replace(self, values=values)


#: Closed forms of saved activations in circulation keep attention weights and dropout masks: models are put to them alike.
AS_CLAIMED = "eager,dropout"


def model(name: str) -> Model:
    """A model of the catalogue by name, at its full context."""
    made = scenario(Request(model=name, training=AS_CLAIMED))
    return Model(str(made.program.model["title"]), made.program, made.values)


@cache
def _catalogue() -> tuple[Model, ...]:
    return tuple(map(model, catalog.models()))


def models(how: Mapping[str, Any], names: Sequence[str] | None = None) -> list[Model]:
    """Every model of the catalogue, or those of the names, under a check's own values and within their limits."""
    return [one.within_limits(how) for one in (_catalogue() if names is None else map(model, names))]


@dataclass(frozen=True)
class _Member:
    """One member's two sides over sizes, in full and without each thing that is neglected."""

    full: tuple[Tree, Tree]
    without: tuple[tuple[Tree, Tree], ...]

    def names(self) -> set[str]:
        """The sizes that the closed forms in full speak of."""
        return set().union(*map(tree.names, self.full))


@dataclass(frozen=True)
class Judge:
    """A claim's check on models. how: its `errors` table. small: the largest share of a whole that counts as small."""

    claim: Proposition
    how: Mapping[str, Any]
    right: str
    left: str
    prover: Prover
    small: Fraction

    def bodies(self) -> tuple[Tree, Tree]:
        """The two sides as a model's own quantities give them."""
        return parse.expression(self.how.get("left", self.left)), parse.expression(self.how.get("right", self.right))

    def examples(self) -> list[Sample]:
        """The models that the check names."""
        return [sample for made in models(self.how, self.how.get("models", [])) if (sample := self.plain(made)) is not None]

    def plain(self, made: Model) -> Sample | None:
        """The two sides on a model; None where it lacks a size, or has none of the quantity."""
        found = made.amounts(*self.bodies())
        if found is None or found[0] == 0:
            return None
        short = "context" in self.how and made.values["s"] < self.how["context"]
        return Sample(f"{made.title} at {made.values['s']:,} tokens, its limit" if short else made.title, found[0], found[1])

    def survey(self, hypotheses: Hypotheses | None) -> Survey:
        """The claim on the whole catalogue, under hypotheses; without any it can only be right or wrong of a model."""
        members = [] if hypotheses is None else [(item, item.names()) for item in self.members(hypotheses)]
        found = []
        for made in models(self.how):
            sample = self.plain(made)
            if sample is None:
                continue
            if hypotheses is None:
                found.append(Sample(sample.at, sample.truth, sample.claimed, sample.error == 0))
            else:
                found.append(self.tested(made, sample, hypotheses, members))
        return survey(found)

    def members(self, hypotheses: Hypotheses) -> list[_Member]:
        """The closed forms of the members that hypotheses leave open; those that say the same once."""
        found = [self.member(member, hypotheses) for member in self.claim.members(hypotheses)]
        return [item for i, item in enumerate(found) if item not in found[:i]]

    def member(self, member: Subject, hypotheses: Hypotheses) -> _Member:
        """A member's closed forms, lowered to trees."""

        def sides(under: Hypotheses) -> tuple[Tree, Tree]:
            theorem = self.claim.theorem(member, under)
            known = self.prover.facts(theorem)
            return lower(known.unfolded(theorem.left)), lower(known.unfolded(theorem.right))

        return _Member(sides(Hypotheses()), tuple(sides(Hypotheses(neglects=(one,))) for one in hypotheses.neglects))

    def tested(self, made: Model, sample: Sample, hypotheses: Hypotheses, members: Sequence[tuple[_Member, set[str]]]) -> Sample:
        """The sample with each hypothesis tried at the model's sizes."""
        values = made.values
        equations = tuple(_true(lower(item.expression), values, values.get(item.symbol.name)) for item in hypotheses.equations)
        forms = [(_distance(item.full, values, sample), item) for item, names in members if names <= set(values)]
        if not forms:
            return Sample(sample.at, sample.truth, sample.claimed, False, equations, tuple(False for _ in hypotheses.neglects))
        distance, nearest = min(forms, key=lambda pair: pair[0])
        described = distance <= (self.small if hypotheses.neglects else 0)
        shares = tuple(_share(nearest.full, without, values) for without in nearest.without)
        small = tuple(share <= self.small for share in shares)
        return Sample(sample.at, sample.truth, sample.claimed, described, equations, small, shares)

    def sizes(self, hypotheses: Hypotheses) -> list[Sample]:
        """The models that the check names, each hypothesis tried."""
        members = [(item, item.names()) for item in self.members(hypotheses)]
        return [self.tested(made, sample, hypotheses, members) for made in models(self.how, self.how.get("models", []))
                if (sample := self.plain(made)) is not None]  # fmt: skip


def _true(body: Tree, values: Mapping[str, Number], expected: Number | None) -> bool:
    return expected is not None and tree.names(body) <= set(values) and tree.evaluate(body, values) == expected


def _distance(sides: tuple[Tree, Tree], values: Mapping[str, Number], sample: Sample) -> Fraction:
    """How far a member's closed forms are from the model's own two sides."""
    left, right = (Fraction(tree.evaluate(side, values)) for side in sides)
    return max(abs(left / sample.truth - 1), abs(right / sample.claimed - 1) if sample.claimed else abs(right))


def _share(full: tuple[Tree, Tree], without: tuple[Tree, Tree], values: Mapping[str, Number]) -> Fraction:
    """How much of either side is left out."""
    pairs = [(Fraction(tree.evaluate(part, values)), Fraction(tree.evaluate(whole, values))) for part, whole in zip(without, full, strict=True)]
    return max(abs(part / whole - 1) if whole else Fraction(part != 0) for part, whole in pairs)
