"""The `campaigns:` block of a params file: how customers were held out, and what follows.

```yaml
campaigns:
  treated_share: 0.5    # lot decided who of those chosen was contacted: half of them
  weeks: 6              # what follows is counted from the day of the contact for so long
```
Without `treated_share` nobody knows that it was a lot, and no effect is called one.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class CampaignParams(BaseModel):
    """The share whom lot was to treat in every campaign, and the weeks that are followed."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    treated_share: Annotated[float, Field(gt=0, lt=1)] | None = None
    weeks: Annotated[float, Field(gt=0, le=104)] = 6
