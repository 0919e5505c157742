"""What customers are worth: what they will still buy, and what a new one brings."""

from analysis.value.acquisition import AcquiredValue, acquired_value
from analysis.value.forecast import ForecastCheck, check_forecast
from analysis.value.histories import Histories, purchase_histories
from analysis.value.residual import ResidualValue, ValueModels, fit_value_models, residual_value

__all__ = [
    "AcquiredValue",
    "ForecastCheck",
    "Histories",
    "ResidualValue",
    "ValueModels",
    "acquired_value",
    "check_forecast",
    "fit_value_models",
    "purchase_histories",
    "residual_value",
]
