"""A study's parameters: values that one YAML file states and everything else obeys."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from analysis.errors import ParamsError
from analysis.params.campaigns import CampaignParams
from analysis.params.currencies import CURRENCIES, minor_digits
from analysis.params.faults import FOLLOWS, key_of, sentence_of, without_secrets
from analysis.params.folders import check_study_name
from analysis.params.own_names import own_names
from analysis.params.satisfaction import SatisfactionParams
from analysis.params.secrets import secret_in
from analysis.params.source import DataSource
from analysis.params.stages import StageScheme
from analysis.params.strict import MOST_BYTES, NotReadable, read_yaml
from analysis.params.tiers import TierParams
from analysis.params.undecided import undecided_keys, undecided_sentence
from analysis.params.zones import Zone

SCHEMA_VERSION = 1
USUAL_SEGMENTS = {
    "noncontractual": ("first_value_third", "acquired_month"),
    "contractual": ("acquired_year",),
}
CATALOGUES = Path(__file__).parents[1] / "telling"

Text = Annotated[str, Field(min_length=1)]
Weeks = Annotated[float, Field(gt=0, le=1040)]


class Params(BaseModel):
    """The checked parameters of one study.

    Durations are in the unit that the name carries (weeks, days, months). `observed_from` and
    `observed_until` are calendar days in `timezone`, both inside the observation. `path` is the
    YAML file that was read; paths inside it are relative to it. `group_labels` gives values of a
    column (a segment, a plan, a channel, a question kept from the survey) the names by which pages,
    figures and results call them: `group_labels: {region: {"1": North, "2": South}}`. Values are
    named as the source has them; those that get one name become one group.

    What is shown of few: no group of fewer than `min_cell` customers, and no total of which one
    customer makes up more than `most_of_one`, or the two largest together more than `most_of_two`
    (0 to 1).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    __dir__ = own_names

    schema_version: Literal[1]
    study: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    title: Text
    subtitle: str = ""
    author: Text
    language: Text = "en"
    relationship: Literal["contractual", "noncontractual"]
    customers_are: Literal["customers", "households"] = "customers"
    observed_from: date
    observed_until: date
    timezone: Zone
    currency: Annotated[str, Field(pattern=r"^[A-Za-z]{3}$")]
    data: DataSource

    segments: Annotated[tuple[Text, ...], Field(min_length=1)] = Field(
        default_factory=lambda known: USUAL_SEGMENTS[known.get("relationship", "noncontractual")]
    )
    group_labels: dict[Text, Annotated[dict[Text, Text], Field(min_length=1)]] = {}
    horizons_weeks: tuple[Weeks, ...] = (4, 13, 26, 52)
    horizon_months: Annotated[float, Field(gt=0, le=600)] = 36
    covariates: Annotated[tuple[Text, ...], Field(max_length=12)] = ()
    lapse_weeks: Weeks = 26
    lapse_grid: tuple[Weeks, ...] = (13, 26, 39, 52)
    stages: StageScheme = StageScheme(preset="five_stage")
    tiers: TierParams = TierParams()
    satisfaction: SatisfactionParams = SatisfactionParams()
    campaigns: CampaignParams = CampaignParams()
    purchase_model: Literal["bgnbd", "mbgnbd", "paretonbd"] = "bgnbd"
    discount_rate: Annotated[float, Field(ge=0, le=1)] = 0.1
    value_horizon_weeks: Weeks = 52
    holdout_weeks: Weeks = 26
    renewal_months: Annotated[int, Field(ge=1, le=60)] = 12
    gap_days: Annotated[int, Field(ge=0, le=3660)] = 30
    min_cell: Annotated[int, Field(ge=1, le=1000)] = 10
    most_of_one: Annotated[float, Field(gt=0, le=1)] = 0.5
    most_of_two: Annotated[float, Field(gt=0, le=1)] = 0.75
    conf_level: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 1
    path: Path = Field(default=Path(), exclude=True)
    overrides: dict[str, Any] = Field(default_factory=dict)

    @field_validator("observed_from", "observed_until", mode="before")
    @classmethod
    def _day(cls, day: Any) -> Any:
        """A day may come as text, as notebooks receive it."""
        try:
            return date.fromisoformat(day) if isinstance(day, str) else day
        except ValueError:
            return day

    @field_validator("language")
    @classmethod
    def _known_language(cls, language: str) -> str:
        if not (CATALOGUES / f"{language}.yml").is_file():
            known = ", ".join(sorted(file.stem for file in CATALOGUES.glob("*.yml")))
            raise ValueError(
                f"language must be one with a catalogue ({known}), but '{language}' came; "
                "see docs/another-language.md"
            )
        return language

    @field_validator("currency")
    @classmethod
    def _known_currency(cls, code: str) -> str:
        if code.upper() not in CURRENCIES:
            raise ValueError("must be an ISO 4217 code such as EUR, USD or CNY")
        return code.upper()

    @field_validator("covariates")
    @classmethod
    def _distinct(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(names)) < len(names):
            raise ValueError("must be a list of columns, each once")
        return names

    @field_validator("horizons_weeks", "lapse_grid")
    @classmethod
    def _ascending(cls, weeks: tuple[float, ...]) -> tuple[float, ...]:
        if not weeks or list(weeks) != sorted(set(weeks)):
            raise ValueError("must be a list of weeks in ascending order, each once")
        return weeks

    @model_validator(mode="after")
    def _period(self) -> Params:
        if self.observed_until <= self.observed_from:
            raise ValueError(
                f"observed_until must be after observed_from ({self.observed_from}), "
                f"but {self.observed_until} came"
            )
        return self

    @model_validator(mode="after")
    def _dominance(self) -> Params:
        if self.most_of_two < self.most_of_one:
            raise ValueError(
                "most_of_two must not be below most_of_one (the two largest customers make up at "
                f"least what the largest does, {self.most_of_one:g}), but {self.most_of_two:g} came"
            )
        return self

    @model_validator(mode="after")
    def _gap(self) -> Params:
        observed = (self.observed_until - self.observed_from).days
        followed = self.relationship == "contractual" and "contracts" in self.data.tables
        if followed and self.gap_days >= observed:
            raise ValueError(
                f"gap_days must be below the number of days observed ({observed:,}), since an end "
                f"is known only after them, but {self.gap_days:,} came"
            )
        return self

    @model_validator(mode="after")
    def _outcome_window(self) -> Params:
        weeks = self.satisfaction.outcome_weeks
        if self.satisfaction.scales and weeks not in self.horizons_weeks:
            raise ValueError(
                f"satisfaction.outcome_weeks must be one of horizons_weeks, but {weeks:g} came"
            )
        return self

    def __repr__(self) -> str:
        period = f"{self.observed_from} to {self.observed_until}"
        changed = "".join(f", {name}={value}" for name, value in self.overrides.items())
        return f"Params({self.study}: {self.relationship}, {period}, {self.currency}{changed})"

    __str__ = __repr__

    @property
    def followed_until(self) -> date:
        """The last day on which everybody's end can be known.

        A contract has ended only when `gap_days` have passed without another, so follow-up ends so
        long before `observed_until`, for all alike; where ends are inferred, on that day itself.
        """
        wait = timedelta(days=self.gap_days if self.relationship == "contractual" else 0)
        return max(self.observed_until - wait, self.observed_from)

    @property
    def simulated(self) -> bool:
        """Whether the customers are made by the simulator."""
        return self.data.simulated is not None

    @property
    def money_digits(self) -> int:
        """Decimal places of the smallest unit of the currency, in which money is compared."""
        return minor_digits(self.currency)


def read_params(path: str | Path, overrides: Mapping[str, Any] | None = None) -> Params:
    """Read and check a study's YAML file.

    Parameters
    ----------
    path : str or Path
        The YAML file, `params/<study>.yml`.
    overrides : mapping, optional
        Values that replace those of the file for one try; a dotted key reaches into a block
        (`{"lapse_weeks": 26, "data.simulated.seed": 2}`).

    Raises
    ------
    ParamsError
        One sentence a fault, all faults at once: file, key, what must hold, what came. A value of
        `???` is a fault: what a person has not decided is not guessed.
    """
    path = Path(path)
    check_study_name(path.stem)
    values = _load(path)
    overrides = dict(overrides or {})
    place, kind = secret_in([values, overrides])
    if kind:
        raise ParamsError(
            f"{path.name}: {place} must take its secrets from the environment "
            f"(user:${{ACME_PASSWORD}}@host), but holds one in plain text ({kind})"
        )
    for key, value in overrides.items():
        _set(values, key, value)
    undecided = tuple(undecided_keys(values))
    faults = [undecided_sentence(key) for key in undecided]
    try:
        params = Params.model_validate(_tuples(values) | {"overrides": overrides})
    except ValidationError as error:
        told = [fault for fault in error.errors() if fault["type"] != FOLLOWS]
        faults += [
            sentence_of(fault, _field_names())
            for fault in told
            if not key_of(fault).startswith(undecided)
        ]
    if faults:
        raise ParamsError("\n".join(f"{path.name}: {fault}" for fault in faults))
    if params.study != path.stem:
        raise ParamsError(
            f"{path.name}: study must be the file's name ('{path.stem}'), but '{params.study}' came"
        )
    return params.model_copy(update={"path": path.resolve()})


def read_settings(text: str) -> dict[str, Any]:
    """Read `lapse_weeks=26 min_cell=5` (the SET of `make report`) into overrides.

    Raises
    ------
    ParamsError
        A word is no pair, a value is not readable, or a key is given twice.
    """
    overrides: dict[str, Any] = {}
    for word in text.split():
        key, sign, value = word.partition("=")
        if not (key and sign and value):
            raise ParamsError(
                "SET must be key=value pairs such as lapse_weeks=26, but "
                f"'{without_secrets(word[:80])}' came"
            )
        twice = [other for other in overrides if f"{key}.".startswith(f"{other}.")]
        twice += [other for other in overrides if f"{other}.".startswith(f"{key}.")]
        if twice:
            raise ParamsError(
                f"SET must give each key once, but {' and '.join(dict.fromkeys([twice[0], key]))} "
                f"came{' twice' if twice[0] == key else ''}; leave one out"
            )
        try:
            overrides[key] = read_yaml(value)
        except NotReadable:
            raise ParamsError(
                f"SET: the value of {key} is not readable: '{without_secrets(value[:80])}'"
            ) from None
    return overrides


def _load(path: Path) -> dict[str, Any]:
    try:
        text = _text_of(path)
    except FileNotFoundError:
        known = sorted(found.stem for found in path.parent.glob("*.yml"))
        near = difflib.get_close_matches(path.stem, known, n=3, cutoff=0.5)
        hint = f"; near names: {', '.join(near)}" if near else ""
        raise ParamsError(
            f"study '{path.stem}' must have a file params/{path.name}, but there is none in "
            f"{path.parent.resolve()} (there are: {', '.join(known) or 'no studies'}){hint}"
        ) from None
    except UnicodeDecodeError:
        raise ParamsError(f"{path.name} must be UTF-8 text, but is not") from None
    except OSError as error:
        raise ParamsError(f"{path.name} must be a file to read, but: {error.strerror}") from None
    try:
        values = read_yaml(text)
    except NotReadable as error:
        raise ParamsError(f"{path.name} must be readable YAML, but {error}") from None
    if not isinstance(values, dict):
        raise ParamsError(f"{path.name} must hold keys and values, but holds none")
    return values


def _text_of(path: Path) -> str:
    with path.open("rb") as stream:
        raw = stream.read(4 * MOST_BYTES + 1)
    return raw.decode("utf-8")


def _set(values: dict, dotted: str, value: Any) -> None:
    *blocks, key = dotted.split(".")
    for block in blocks:
        values = values.setdefault(block, {})
        if not isinstance(values, dict):
            raise ParamsError(f"override {dotted}: '{block}' must be a block, but is a value")
    values[key] = value


def _tuples(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _tuples(inner) for key, inner in value.items()}
    return tuple(_tuples(inner) for inner in value) if isinstance(value, list) else value


def _field_names() -> list[str]:
    blocks = (DataSource, StageScheme, TierParams, SatisfactionParams)
    return [*Params.model_fields, *(key for block in blocks for key in block.known_keys())]
