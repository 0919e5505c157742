"""Answer a verb that make does not have with the near ones; needs nothing but a plain python3."""

from __future__ import annotations

import difflib
import re
import sys
from pathlib import Path


def main() -> None:
    """Say which verbs are near the one that came, and end with a fault."""
    asked, makefile = sys.argv[1], Path(sys.argv[2]).read_text(encoding="utf-8")
    verbs = re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE)
    near = difflib.get_close_matches(asked, verbs, n=3, cutoff=0.5)
    hint = f"; near names: {', '.join(near)}" if near else ""
    raise SystemExit(
        f"make must be given one of its verbs, but '{asked}' came{hint} (make alone tells all)"
    )


if __name__ == "__main__":
    main()
