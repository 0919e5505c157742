"""Write a proposed params file: every line that a person should check says so beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

import yaml

from analysis.data.asked_times import has_clock
from analysis.data.conventions import SHARED_SIGNS
from analysis.data.proposal import PERIOD_OF
from analysis.data.proposed import Proposal
from analysis.params.undecided import UNDECIDED
from analysis.schemas import SCHEMAS, is_money

UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]")
COLUMN = 35  # where the comments begin
HORIZONS = (4, 13, 26, 52, 104)
TRUNCATED = 0.05
MEANT = {
    "missing": "drop: leave out rows without id, day or amount",
    "out_of_period": "drop: leave out rows outside the observation",
    "ids": "clean: ids without blanks around them and without '.0'",
    "duplicates": "refuse or drop identical rows; not named: purchases are kept",
}


def write_proposal(
    study: str, origin: str, url: str, proposals: Mapping[str, Proposal], skipped: list[str]
) -> str:
    """Return the text of the file."""
    first, last, why = _period(proposals)
    lines = [
        f"# {study}: proposed from {origin}. Read every line, mend what is wrong, then:",
        f"# make validate STUDY={study}, and make report STUDY={study}.",
        "schema_version: 1",
        f"study: {study}",
        _line("title", study.replace("_", " ").capitalize(), "of the report"),
        _line("author", "Customer research", "who signs it"),
        "language: en",
        "",
        *_business(proposals),
        _line("observed_from", first, why),
        _line("observed_until", last, "both days are yours to decide"),
        _timezone(proposals),
        _currency(proposals),
        "",
        "data:",
        "  title: " + _scalar(study.replace("_", " ").capitalize()),
        _line("  licence", "not stated", "who may use these data, and for what"),
        _line("  citation", "not stated", "how they are to be named"),
        _line("  history", "complete", "cut: customers had bought before observed_from"),
        *_repairs(proposals),
    ]
    indent = "    "
    if url:
        lines += ["  connection:", f"    url: {_scalar(url)}", "    tables:"]
        indent = "      "
    else:
        lines.append(_comment("  files:", "paths are relative to this file"))
    for name in SCHEMAS:
        if name in proposals:
            lines += [indent + line for line in _table(proposals[name])]
    lines += [f"{indent}# not used: {reason}" for reason in skipped]
    lines += ["", *_analysis(proposals, first, last)]
    # a name from the data that breaks the line would go on as YAML
    return "\n".join(UNSEEN.sub(" ", line) for line in lines) + "\n"


def _business(proposals: Mapping[str, Proposal]) -> list[str]:
    if "contracts" in proposals:
        return [_line("relationship", "contractual", "contracts end, so the end is seen")]
    return [_line("relationship", "noncontractual", "nobody says goodbye: the end is inferred")]


def _period(proposals: Mapping[str, Proposal]) -> tuple[Any, Any, str]:
    """Find the first and last day that the data cover, and say how."""
    ends = [p for n in ("contracts", "transactions", "surveys") if (p := proposals.get(n))]
    main, facts = ends[0], [p.facts for p in proposals.values() if p.name != "customers"]
    lasts = [f[k] for f in facts for k in (f"last_{n}" for n in PERIOD_OF) if f.get(k)]
    begin = "started_at" if main.name == "contracts" else "at"
    first, why = main.facts.get(f"first_{begin}"), "first and last day found in the data;"
    ended = main.facts.get("first_ended_at")
    if first and ended and (ended - first).days > TRUNCATED * (max(lasts) - first).days:
        first, why = ended.replace(day=1), "the first end in the data: are all later ones there?"
    if first is None:
        ways = [f"{way}: {begun} to {last}" for way, (begun, last) in main.periods.items() if begun]
        why = "; ".join(ways) or "not found: the first and last day of the observation, 2024-12-31"
        return UNDECIDED, UNDECIDED, why
    return first, max(max(lasts), first + timedelta(days=1)), why


def _timezone(proposals: Mapping[str, Proposal]) -> str:
    if any(has_clock(proposal) for proposal in proposals.values()):
        return _line(
            "timezone", UNDECIDED, "the company's, such as Europe/Berlin: whose days count?"
        )
    return _line("timezone", "UTC", "days without times are read as they stand, in any time zone")


def _currency(proposals: Mapping[str, Proposal]) -> str:
    found = {p.currency for p in proposals.values() if p.currency}
    signs = {p.currency_sign for p in proposals.values()} & set(SHARED_SIGNS)
    if len(found) == 1:
        return _line("currency", found.pop(), "found in the data")
    if found:
        return _line("currency", UNDECIDED, f"the data have {', '.join(sorted(found))}")
    if signs:
        sign = signs.pop()
        return _line("currency", UNDECIDED, f"{sign} stands beside amounts: {SHARED_SIGNS[sign]}?")
    if any(is_money(p.name, column) for p in proposals.values() for column in p.columns):
        return _line("currency", UNDECIDED, "ISO 4217, such as EUR, USD, CNY: the data do not say")
    return _line("currency", "EUR", "ISO 4217; the data hold no amounts")


def _repairs(proposals: Mapping[str, Proposal]) -> Iterator[str]:
    facts = [p.facts for p in proposals.values()]
    wanted = {
        "missing": "drop" if any(f.get("missing") for f in facts) else "refuse",
        "out_of_period": "refuse",
        "ids": "clean" if any(f.get("padded") for f in facts) else "refuse",
    }
    yield _comment("  repairs:", "nothing is mended unless it is named here")
    for key, value in wanted.items():
        yield _line(f"    {key}", value, MEANT[key])
    for proposal in proposals.values():
        if count := proposal.facts.get("missing"):
            yield f"    # {count:,} of {proposal.facts['rows']:,} rows of {proposal.name} lack one"
    yield _line("    # duplicates", "drop", MEANT["duplicates"])


def _table(proposal: Proposal) -> Iterator[str]:
    """Write the block of one table, two blanks deeper than its name."""
    facts, contract = proposal.facts, SCHEMAS[proposal.name]
    yield f"{proposal.name}:" + " " * 3 + f"# {contract.description}"
    for note in proposal.notes:
        yield f"  # {note}"
    strange = sum(facts.get(f"strange_{name}") or 0 for name in PERIOD_OF)
    if strange:
        yield f"  # {strange:,} days lie before 1980 or in the future: see repairs, out_of_period"
    for key, value in proposal.block.items():
        yield from (f"  # {line}" for line in proposal.questions.get(key, ()))
        if key == "date_format" and isinstance(value, dict):
            yield "  date_format:"
            yield from (f"    {column}: {_scalar(form)}" for column, form in value.items())
        else:
            yield f"  {key}: {_scalar(value)}"
    if proposal.columns:
        yield _comment("  columns:", "column of the contract: column of the source")
        for column, origin in proposal.columns.items():
            yield f"    {column}: {_scalar(origin)}"
    lacking = [c for c in contract.columns if c not in proposal.columns]
    if lacking:
        yield f"    # could be named too: {', '.join(lacking)}"
    yield from _rest(proposal)
    yield from _returns(proposal)


def _rest(proposal: Proposal) -> Iterator[str]:
    if proposal.keep:
        yield "  # taken along: groups that may be compared, or answers of a scale"
        yield f"  keep: {_scalar(proposal.keep)}"
    if proposal.left:
        hint = "; name under keep: what is to be taken along" if proposal.name in KEEPING else ""
        yield f"  # not taken along: {', '.join(proposal.left)}{hint}"


def _returns(proposal: Proposal) -> Iterator[str]:
    facts = proposal.facts
    if facts.get("negative"):
        yield f"  # {facts['negative']:,} of {facts['rows']:,} rows are negative, as returns are:"
        yield "  returns: net   # taken off what was bought on the day; or drop, or refuse"
    if facts.get("cancelled"):
        order = proposal.columns["order_id"]
        yield f"  # {facts['cancelled']:,} rows look like cancelled invoices; to leave them out:"
        yield f"  # filters: [{{column: {_scalar(order)}, not_starts_with: C}}]"
    if (facts.get("currencies") or 0) > 1:
        yield f"  # there are {facts['currencies']:,} currencies; to keep one:"
        yield f"  # filters: [{{column: {_scalar(proposal.columns['currency'])}, equals: EUR}}]"


def _analysis(proposals: Mapping[str, Proposal], first: Any, last: Any) -> Iterator[str]:
    """Write the parameters that most studies change first."""
    known = proposals["customers"].groups if "customers" in proposals else []
    usual = ["acquired_year"] if "contracts" in proposals else ["first_value_third"]
    usual = usual if {"contracts", "transactions"} & set(proposals) else []
    alone = proposals["surveys"].groups if not usual and "surveys" in proposals else []
    groups = [*usual, *known[:2], *alone[:2]]
    more = [*known[2:], *alone[2:]]
    if groups:
        yield f"# groups to compare, known on the first day{_also(more)}"
        yield f"segments: {_scalar(groups)}"
    weeks = (last - first).days / 7 if isinstance(first, date) else max(HORIZONS)
    horizons = [week for week in HORIZONS if week < weeks] or [max(1, int(weeks) - 1)]
    yield _line("horizons_weeks", horizons, "how far customers are followed")
    if "transactions" in proposals:
        yield _line("lapse_weeks", 26, "a customer silent for longer counts as lapsed")
    yield _line("min_cell", 10, "smaller groups are not shown")
    if "surveys" in proposals:
        yield from _scales(proposals["surveys"], horizons)


def _scales(surveys: Proposal, horizons: list[int]) -> Iterator[str]:
    """Offer the scales that the names of the answers suggest, for a person to decide."""
    items = [c for c in surveys.keep if c not in surveys.groups] or surveys.keep
    scales: dict[str, list[str]] = {}
    for item in items:
        stem = item.rstrip("0123456789").rstrip("_- ").split("_")[0].lower()
        scales.setdefault(f"{stem}_scale" if stem in items else stem, []).append(item)
    yield ""
    yield "# Which answers measure what? Put in order what the names suggest and take off the '#':"
    yield "# satisfaction:"
    yield "#   scales:                 # low and high: the ends of the scale that was printed"
    for name, own in scales.items():
        yield f"#     {name}: {{items: {_scalar(own)}, low: 1, high: 10}}"
    yield "#   # drivers: [a, b]       # scales that may lead to the scale `satisfaction`"
    if "nps" in surveys.columns:
        yield "#   recommendation: nps     # 0 to 10"
    yield f"#   outcome_weeks: {horizons[-1] if 26 not in horizons else 26}"


def _also(more: list[str]) -> str:
    return f"; there are also: {', '.join(more)}" if more else ""


def _line(key: str, value: Any, comment: str) -> str:
    return _comment(f"{key}: {_scalar(value)}", comment)


def _comment(text: str, comment: str) -> str:
    return f"{text:<{COLUMN}}# {comment}" if len(text) < COLUMN else f"{text}   # {comment}"


def _scalar(value: Any) -> str:
    options = {"default_flow_style": True, "allow_unicode": True, "width": 10**9}
    options["sort_keys"] = False
    text = yaml.safe_dump(value, **options).strip().removesuffix("...").strip()
    if UNSEEN.search(text):
        return yaml.safe_dump(value, **options, default_style='"').strip()
    return text


KEEPING = ("customers", "surveys")
