"""Discounted purchases of Pareto/NBD: right for any parameters, whatever an optimiser may reach."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import integrate
from scipy.special import erfcx, exp1, expn

from analysis.methods.purchases import ParetoNBD, fit_paretonbd
from analysis.methods.purchases.paretonbd import alive_probability, discounted_life

RATE = np.log(1.1) / 52
# r, alpha, s, beta, x, t_x, T, and DERT at 10 % a year on weeks, in arithmetic of 40 digits
# (mpmath 1.4.1: Gauss-Legendre for the unseen death, its expint for the life to come)
IN_FORTY_DIGITS = [
    (0.000293624, 1.13132, 0.000602721, 1.89649, 0, 0.0, 4.51707, 0.0282738499309),
    (0.0108134, 0.028964, 0.0141083, 6.14534, 0, 0.0, 0.385943, 13.44691934),
    (0.0348569, 0.354633, 0.170232, 2.40976, 1, 218.93, 218.931, 2.16906529108),
    (0.000621443, 0.365844, 41.5087, 0.0038771, 2, 0.411394, 0.457105, 0.00033171938118),
    (0.945097, 9.41888, 1.12855, 0.0152789, 0, 0.0, 0.38955, 0.00412339601872),
    (0.00109144, 1020.68, 0.00786772, 23430.8, 0, 0.0, 262.28, 0.000464019062762),
    (0.000242044, 3.93656, 0.000835879, 2.15539, 500, 1145.52, 1272.8, 2.00150692539e-15),
    (0.0476792, 0.025562, 0.0369956, 4.36108, 2, 0.181099, 0.201221, 4212.79749334),
    (5.72906, 0.0116049, 0.0155457, 0.000340623, 500, 10.2793, 10.2793, 25404.6642324),
    (32.6975, 0.000305441, 0.00113782, 0.00190757, 500, 51.1465, 56.8295, 1.00732590355e-15),
    (14.36, 0.0227103, 0.783841, 45.5149, 10, 0.00122208, 1.22208, 2.28675505848e-34),
    (22.8104, 10.4921, 15.48, 0.0229987, 500, 4.48334, 14.9445, 1.04157875414e-126),
    (18535.2, 2.24308, 0.205441, 165.688, 2, 0.150825, 0.167583, 1.42720927397e-43),
    (0.251436, 0.0362726, 9.65186, 132.862, 2, 175.283, 175.283, 0.426228860541),
    (1.08096, 8.31127, 0.018012, 0.0296986, 500, 79.4889, 79.489, 3018.89688787),
    (0.259853, 1.22774, 0.00645287, 0.00739371, 500, 417.759, 464.177, 6.71644703571e-16),
    (2.35357, 0.112139, 0.0184643, 4.02027, 100, 2945.72, 2945.73, 18.9008958574),
    (15.8115, 20.5873, 0.0293483, 51.7928, 10, 0.000661885, 0.661885, 623.969960559),
    (16.7185, 0.0339883, 1.40909, 16.8664, 10, 10.7199, 35.7331, 1.14040657329e-11),
    (3.80446, 0.0196617, 0.566838, 0.0497716, 1, 0.0142256, 14.2256, 6.84858970304e-12),
    (0.0235263, 0.177597, 17.7704, 17.2988, 100, 2.35853, 7.86178, 7.83287356808e-50),
    (0.0385023, 0.0848156, 0.0148716, 0.325568, 0, 0.0, 0.201988, 66.1470811366),
    (35.4043, 47.4047, 0.0660451, 0.0789231, 10, 906.431, 1007.15, 20.0042330131),
    (1.2145, 0.0244925, 1.79641, 14.1, 0, 0.0, 0.17592, 89.1774058628),
]
SIZES = st.floats(-4.5, 4.5).map(lambda power: 10.0**power)


def model(r: float, alpha: float, s: float, beta: float) -> ParetoNBD:
    params = np.array([r, alpha, s, beta])
    return ParetoNBD(pd.DataFrame(), params, np.zeros((4, 4)), 0.0, 1, 1, 1.0, "")


def history(x: float, t_x: float, age: float) -> pd.DataFrame:
    return pd.DataFrame({"frequency": [x], "recency": [t_x], "age": [age]})


@pytest.mark.parametrize("row", IN_FORTY_DIGITS)
def test_discounted_is_right_for_any_parameters(row):
    *params, x, t_x, age, expected = row
    found = model(*params).discounted(history(x, t_x, age), RATE)
    assert found == pytest.approx([expected], rel=1e-8)


@settings(max_examples=60, deadline=None)
@given(s=SIZES, reach=st.floats(-9, 6).map(lambda power: 10.0**power))
def test_discounted_life_lies_between_its_bounds(s, reach):
    # DLMF 8.19.21: 1 / (z + s) < e^z E_s(z) <= 1 / (z + s - 1), and 8.19.12 for the next shape
    found, following = (discounted_life(shape, np.array([reach]))[0] for shape in (s, s + 1))
    assert found > 1 / (reach + s) * (1 - 1e-12)
    if reach + s > 1:
        assert found <= 1 / (reach + s - 1) * (1 + 1e-9)
    assert s * following + reach * found == pytest.approx(1, rel=1e-10)


def test_discounted_life_has_its_closed_forms():
    reach = np.array([1e-9, 1e-4, 0.1, 1, 3, 10, 100, 690])
    assert_allclose(discounted_life(1.0, reach), np.exp(reach) * exp1(reach), rtol=1e-10)
    for shape in (2, 3, 10, 50):
        assert_allclose(
            discounted_life(float(shape), reach), np.exp(reach) * expn(shape, reach), rtol=1e-10
        )
    half = np.sqrt(np.pi / reach) * erfcx(np.sqrt(reach))
    assert_allclose(discounted_life(0.5, reach), half, rtol=1e-11)
    assert_allclose(discounted_life(1e-9, reach[1:]), 1 / reach[1:], rtol=1e-7)


@settings(max_examples=60, deadline=None)
@given(r=SIZES, alpha=SIZES, s=SIZES, x=st.integers(0, 300), seen=st.floats(0, 1))
def test_alive_where_alpha_is_beta_is_closed(r, alpha, s, x, seen):
    age, t_x = 50.0, 50.0 * seen * (x > 0)
    gone = (r + x + s) * np.log1p((age - t_x) / (alpha + t_x))
    with np.errstate(over="ignore"):
        expected = 1 / (1 + s / (r + x + s) * np.expm1(gone))
    rows = (np.array([value]) for value in (float(x), t_x, age))
    found = alive_probability((r, alpha, s, alpha), *rows)
    assert found == pytest.approx([expected], rel=1e-7, abs=1e-250)


@pytest.mark.whole
def test_discounted_is_the_integral_of_what_is_bought():
    fitted, customer = model(0.8, 12.0, 14.0, 160.0), history(3, 20.0, 39.0)

    def bought(week: float) -> float:
        later, sooner = (fitted.conditional(customer, week + h)[0] for h in (1e-3, -1e-3))
        return np.exp(-RATE * week) * (later - sooner) / 2e-3

    parts = [integrate.quad(bought, low, low + 50)[0] for low in range(1, 4000, 50)]
    begun = fitted.conditional(customer, 1.0)[0] * np.exp(-RATE / 2)
    found = fitted.discounted(customer, RATE)[0]
    assert found == pytest.approx(begun + sum(parts), rel=1e-4)


def test_discounted_of_what_is_not_estimable_is_missing_and_says_why():
    nobody = pd.DataFrame({"frequency": [0, 0, 1], "recency": [0, 0, 2.0], "age": [9.0, 9, 9]})
    fitted = fit_paretonbd(nobody)
    assert np.isnan(fitted.discounted(nobody, RATE)).all()
    assert fitted.note
