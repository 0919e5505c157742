"""What the tiers of a rating hold."""

import numpy as np
import pandas as pd

from analysis.params.tiers import Scheme
from analysis.states.rating.profiles import profile_tiers
from analysis.states.rating.tiers import rate_customers

SCHEME = Scheme.model_validate(
    {
        "name": "club",
        "tiers": ("basic", "silver", "gold"),
        "thresholds": {"limits": {"amount": (100, 300)}},
    }
)


def test_profile_by_hand():
    frame = pd.DataFrame(
        {"customer_id": list("abcd"), "amount": [10.0, 90, 100, 300], "cost": [2.0, np.nan, 4, 0]}
    )
    table = profile_tiers(rate_customers(frame, SCHEME), frame, ["amount", "cost"]).table
    assert table["n"].tolist() == [2, 1, 1]
    assert table["mean_amount"].tolist() == [50, 100, 300]
    assert table["share_amount"].tolist() == [0.2, 0.2, 0.6]
    assert table["mean_cost"].tolist() == [2, 4, 0]
    nothing = profile_tiers(rate_customers(frame, SCHEME), frame.assign(cost=0.0), ["cost"]).table
    assert nothing["share_cost"].isna().all()
