"""The `missing:` of a table: texts that stand for nothing, by column.

```yaml
missing: {food: ["6"], nps: ["99"]}   # as the contract or the source names the column
missing: ["n/a"]                      # in every column; a number only where it can be no value
```
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

Codes = tuple[str, ...]


def _texts(given: Any) -> Any:
    """A code may be written as a number; one alone needs no list."""
    if isinstance(given, Mapping):
        return {column: _texts(codes) for column, codes in given.items()}
    codes = given if isinstance(given, list | tuple) else (given,)
    return tuple(_text(code) for code in codes)


def _text(code: Any) -> Any:
    if isinstance(code, bool) or not isinstance(code, int | float):
        return code
    return str(int(code)) if code == int(code) else str(code)


Name = Annotated[str, Field(min_length=1)]
Missing = Annotated[Codes | dict[Name, Codes], BeforeValidator(_texts)]
