"""The fault a report's author can mend: every fault found, one sentence each."""


class ReportError(ValueError):
    """A report cannot be made; each fault names file, line or label, and what to do."""

    def __init__(self, faults: str | list[str]) -> None:
        self.faults = [faults] if isinstance(faults, str) else list(faults)
        super().__init__("\n".join(self.faults))
