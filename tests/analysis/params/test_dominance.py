"""What one customer, and two, may make up of a total is a parameter of the study."""

from pathlib import Path

import pytest

from analysis.errors import ParamsError
from analysis.params import read_params
from analysis.telling.wording import wording_for

MARKET = Path(__file__).parents[3] / "params" / "market.yml"


def test_half_and_three_quarters_by_default():
    assert wording_for(read_params(MARKET)).dominance == (0.5, 0.75)
    given = read_params(MARKET, {"most_of_one": 0.8, "most_of_two": 0.9})
    assert wording_for(given).dominance == (0.8, 0.9)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"most_of_one": 0}, "most_of_one must be greater than 0, but 0"),
        ({"most_of_two": 1.5}, "most_of_two must be less than or equal to 1, but 1.5"),
        ({"most_of_two": 0.4}, "most_of_two must not be below most_of_one .* but 0.4 came"),
    ],
)
def test_shares_that_cannot_be_are_refused(changed, message):
    with pytest.raises(ParamsError, match=message):
        read_params(MARKET, changed)
