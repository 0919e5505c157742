"""What customers are worth: what they will still buy, and what a new one brings."""

from analysis.value.acquisition import AcquiredValue, acquired_value
from analysis.value.forecast import ForecastCheck, check_forecast
from analysis.value.histories import Histories, purchase_histories
from analysis.value.renewals import (
    ContractValue,
    Renewals,
    RetentionCost,
    contract_value,
    fit_renewals,
    renewal_lives,
    retention_cost,
)
from analysis.value.residual import (
    ResidualValue,
    ValueModels,
    fit_value_models,
    residual_value,
    value_groups,
)

__all__ = [
    "AcquiredValue",
    "ContractValue",
    "ForecastCheck",
    "Histories",
    "Renewals",
    "ResidualValue",
    "RetentionCost",
    "ValueModels",
    "acquired_value",
    "check_forecast",
    "contract_value",
    "fit_renewals",
    "fit_value_models",
    "purchase_histories",
    "renewal_lives",
    "residual_value",
    "retention_cost",
    "value_groups",
]
