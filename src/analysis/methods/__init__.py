"""Statistics that know no customers: arrays and durations in, frozen results out."""
