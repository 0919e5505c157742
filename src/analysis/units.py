"""What a month and a year are worth, where durations are told in them (panels: calendar months)."""

DAYS_PER_YEAR = 365.25
DAYS_PER_MONTH = DAYS_PER_YEAR / 12  # 30.4375
WEEKS_PER_YEAR = DAYS_PER_YEAR / 7
