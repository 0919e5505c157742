"""The two faults a user can mend; anything else that is raised is a bug of ours."""


class ParamsError(ValueError):
    """The params file (or an override) must be mended; the message says which key and how."""


class DataError(ValueError):
    """A table must be mended; the message names table, column, count and first place."""
