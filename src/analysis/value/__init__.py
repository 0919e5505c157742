"""What customers are worth: what they will still buy, and what a new one brings."""

from analysis.value.acquisition import AcquiredValue, acquired_value
from analysis.value.contracts import ContractValue, contract_value
from analysis.value.forecast import ForecastCheck, check_forecast
from analysis.value.histories import Histories, purchase_histories
from analysis.value.renewals import Renewals, fit_renewals, renewal_lives
from analysis.value.residual import (
    UNKNOWN,
    ResidualValue,
    ValueModels,
    fit_value_models,
    label_histories,
    residual_value,
    value_groups,
)
from analysis.value.retention_cost import RetentionCost, retention_cost

__all__ = [
    "UNKNOWN",
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
    "label_histories",
    "purchase_histories",
    "renewal_lives",
    "residual_value",
    "retention_cost",
    "value_groups",
]
