"""Survey waves: who is asked, who answers, and the items that measure the latent scores."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from analysis.simulate.clock import Clock, Columns, Moments, stream
from analysis.simulate.paths import CHURNED, Spells
from analysis.simulate.people import People
from analysis.simulate.tiers import Ratings
from analysis.simulate.truth import LATENTS, Preset, SurveyTruth

WAVES_AFTER_DAYS = (30, 120)
WAVE_DAYS = 21
CHURNED_RESPONSE = 0.25  # of the share that answers otherwise
COMMENT_SHARE = 0.30
COMMENTS = (
    ("Not what I expected.", "It took too long.", "I had to ask twice.", "Too dear for me."),
    ("It was fine.", "Nothing special.", "As expected.", "Mostly all right."),
    ("Quick and friendly.", "I am glad to come back.", "Very good service.", "All went well."),
)


def surveys_table(
    preset: Preset,
    clock: Clock,
    people: People,
    spells: Spells,
    acquired: np.ndarray,
    ratings: Ratings,
    seed: int,
) -> Columns:
    """Write `surveys`: one row an answer, in order of time; items are null where skipped.

    Each term between two ratings has two waves. The company asks a known share of each tier of
    its present and former customers, and age bands answer in known shares; `survey_weight` is
    the inverse of both, of mean one in a wave. Former customers answer less, which the weight
    does not mend.
    """
    truth = preset.survey
    chance = stream(seed, "waves")
    customer, at, weight = _answers(preset, clock, people, spells, acquired, ratings, chance)
    chance = stream(seed, "items")
    columns = {"customer_id": people.ids.take(pa.array(customer)), "at": Moments(at)}
    for scale, loadings in truth.loadings.items():
        score = people.latent[customer, LATENTS.index(scale)]
        for item, loading in loadings.items():
            answer = _answer(score, loading, truth.means[item], truth.item_sd, 1, chance)
            columns[item] = _skipped(answer, truth.missing_share, chance)
    loyalty = people.latent[customer, LATENTS.index("loyalty")]
    nps = _answer(loyalty, truth.nps_loading, truth.nps_mean, truth.nps_sd, 0, chance)
    columns["nps"] = _skipped(nps, truth.missing_share, chance)
    columns["survey_weight"] = pa.array(weight)
    columns["comment"] = _comments(nps, stream(seed, "comments"))
    return columns


def _answers(preset, clock, people, spells, acquired, ratings, chance):
    """Draw who answers when, and with which weight, ordered by time."""
    truth: SurveyTruth = preset.survey
    sampling = np.array([truth.sampling[name] for name in preset.tiers.tiers])
    response = np.array([truth.response[name] for name in preset.segments["age_band"]])
    parts = []
    for asked_from in np.add.outer(ratings.begins, WAVES_AFTER_DAYS).ravel():
        if asked_from + WAVE_DAYS > clock.days:
            continue
        known = np.flatnonzero(acquired < asked_from)
        at = asked_from + WAVE_DAYS * chance.random(known.size)
        answers = response[people.segments["age_band"][known]]
        chosen = sampling[ratings.tier_at(known, asked_from)]
        kept = np.where(_churned(spells, known, at, len(people.ids)), CHURNED_RESPONSE, 1.0)
        here = chance.random(known.size) < chosen * answers * kept
        weight = 1 / (chosen * answers)[here]
        parts.append((known[here], at[here], weight / weight.mean() if weight.size else weight))
    empty = (np.empty(0, int), np.empty(0), np.empty(0))
    customer, at, weight = (np.concatenate(part) for part in zip(empty, *parts, strict=True))
    order = np.argsort(at, kind="stable")
    return customer[order], at[order], weight[order]


def _churned(spells: Spells, customer, at, count: int) -> np.ndarray:
    """Return whether each customer has churned by then."""
    moment = np.full(count, np.nan)
    moment[customer] = at
    when = moment[spells.customer]
    there = (spells.stage == CHURNED) & (spells.start <= when) & (when < spells.stop)
    gone = np.zeros(count, dtype=bool)
    gone[spells.customer[there]] = True
    return gone[customer]


def _answer(score, loading, mean, spread, lowest, chance) -> np.ndarray:
    noise = np.sqrt(1 - loading**2) * chance.standard_normal(score.size)
    return np.clip(np.rint(mean + spread * (loading * score + noise)), lowest, 10).astype(int)


def _skipped(answer: np.ndarray, share: float, chance) -> pa.Array:
    return pa.array(answer, mask=chance.random(answer.size) < share)


def _comments(nps: np.ndarray, chance) -> pa.Array:
    """Draw a phrase that goes with the answer, for a share of the answers."""
    mood = np.digitize(nps, (7, 9))
    phrases = [phrase for group in COMMENTS for phrase in group]
    phrase = mood * len(COMMENTS[0]) + chance.integers(len(COMMENTS[0]), size=nps.size)
    silent = chance.random(nps.size) >= COMMENT_SHARE
    return pa.array(phrases).take(pa.array(phrase, mask=silent))
