"""The three companies that can be simulated."""

from __future__ import annotations

from analysis.simulate.companies.bank import BANK
from analysis.simulate.companies.chain import CHAIN
from analysis.simulate.companies.retailer import RETAILER

COMPANIES = {preset.company: preset for preset in (RETAILER, BANK, CHAIN)}
