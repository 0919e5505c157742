"""A small staged report: two notebooks, two figures, three tables, everything of the subset."""

import io
import json
import shutil
from pathlib import Path

import pytest

from reporting.theme import stage_theme

REPORT = """\
---
title: "Do customers come back?"
subtitle: "A shop, 2025 [Simulated data]{.badge}"
author: "Customer research"
date: 2026-11-22
abstract: "Half of new customers never come back."
toc: true
number-sections: true
bibliography: references.bib
---

{{< include _summary.qmd >}}

{{< include _retention.qmd >}}

# References {.unnumbered}

::: {#refs}
:::
"""

SUMMARY = """\
# Executive summary {#sec-summary .unnumbered}

{{< embed nb/10_retention.ipynb#finding-second >}}
"""

RETENTION = """\
# Retention {#sec-retention}

{{< var study.customers >}} customers; "{{< meta title >}}" is the question. @Fig-second shows the
curve, @tbl-second the shares, as in @eq-km and @sec-methods, after [@kaplan1958, p. 460].[^note]

[^note]: A footnote of caution.

$$ S(t) = \\prod_{t_i \\le t} \\left(1 - \\frac{d_i}{n_i}\\right) $$ {#eq-km}

{{< embed nb/10_retention.ipynb#fig-second >}}

{{< embed nb/10_retention.ipynb#tbl-second >}}

## By month

::: {.panel-tabset}
## Picture

{{< embed nb/10_retention.ipynb#fig-cohorts >}}

## Numbers

{{< embed nb/00_data.ipynb#tbl-rows >}}
:::

::: {.callout-note title="How to read it"}
A curve *rises* with every second purchase.
:::

::: {.callout-warning collapse="true"}
## What would mislead

An inferred end is an echo of its definition.
:::

::: {layout-ncol="2"}
First column.

Second column.
:::

::: {.content-visible when-format="html"}
Only on the page.
:::

::: {.content-hidden when-format="html"}
Only in print.
:::

{{< pagebreak >}}

## Methods {#sec-methods}

Written with `{{not a shortcode}}` and <!-- a comment --> code:

```python
# no heading @fig-none
print("<b>")
```

| What | Value |
|:-----|:------|
| n    | 1     |

: Values of the run {#tbl-run}
"""

BIBLIOGRAPHY = """\
@article{kaplan1958, author={Kaplan, E. L. and Meier, Paul}, year={1958}, volume={53},
  title={Nonparametric Estimation from Incomplete Observations}, pages={457--481},
  journal={Journal of the American Statistical Association}, doi={10.2307/2281868}}
"""

FINDING = """\
::: {.finding .descriptive}
[48.3%]{.finding-number} **of new customers bought a second time.**

The 95% interval is 47.7 to 49.0%. [descriptive]{.claim}
[More: [Retention](#sec-retention)]{.more}
:::
"""

ROWS = """\
| Step | Rows |
|:-----|-----:|
| Rows in the file | 69,659 |
| Purchase days | 67,591 |
"""


def draw(seed: int) -> str:
    """A small figure as matplotlib writes it."""
    import matplotlib.pyplot as plt

    with plt.rc_context({"svg.hashsalt": "report"}):
        figure, ax = plt.subplots(figsize=(7, 3))
        ax.step(range(10), [seed * value for value in range(10)])
        ax.set_xlabel("Weeks since the first purchase")
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None})
        plt.close(figure)
    return text.getvalue()


def cell(label: str, form: str, content: str, **options: str) -> dict:
    """A labelled cell with one output."""
    lines = [f"#| {key.replace('_', '-')}: {json.dumps(text)}" for key, text in options.items()]
    return {
        "cell_type": "code",
        "id": label,
        "execution_count": 1,
        "metadata": {},
        "source": "\n".join([f"#| label: {label}", *lines]),
        "outputs": [{"output_type": "display_data", "metadata": {}, "data": {form: content}}],
    }


def notebook(*cells: dict) -> str:
    """A notebook file."""
    spec = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": spec, "language_info": {"name": "python"}}
    return json.dumps(
        {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    )


def wide_table() -> str:
    """Nine columns and thirty rows of numbers."""
    head = "| Cohort |" + "".join(f" Week {week} |" for week in range(8))
    rows = [f"| Month {row} |" + f" {row * 7.5:,.1f} |" * 8 for row in range(30)]
    return "\n".join([head, "|:---|" + "---:|" * 8, *rows])


@pytest.fixture(scope="session")
def staged_once(tmp_path_factory) -> Path:
    """The staged report, made once; tests that change it take `staged`."""
    folder = tmp_path_factory.mktemp("report")
    retention = notebook(
        cell(
            "fig-second",
            "image/svg+xml",
            draw(1),
            fig_cap="Half never come back. Share with a *second* purchase.",
            fig_alt='A curve that flattens at "48 %".',
        ),
        cell(
            "fig-cohorts",
            "image/svg+xml",
            draw(2),
            fig_cap="Cohorts by month.",
            fig_alt="Heat map.",
        ),
        cell("tbl-second", "text/markdown", wide_table(), tbl_cap="Shares by cohort."),
        cell("finding-second", "text/markdown", FINDING),
    )
    data = notebook(cell("tbl-rows", "text/markdown", ROWS, tbl_cap="Rows in and out."))
    files = {
        "report.qmd": REPORT,
        "_summary.qmd": SUMMARY,
        "_retention.qmd": RETENTION,
        "references.bib": BIBLIOGRAPHY,
        "_variables.yml": "study:\n  customers: 23,570\n",
        "nb/10_retention.ipynb": retention,
        "nb/00_data.ipynb": data,
    }
    (folder / "nb").mkdir()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    stage_theme(folder)
    return folder


@pytest.fixture
def staged(staged_once, tmp_path) -> Path:
    """A copy of the staged report that a test may change."""
    return Path(shutil.copytree(staged_once, tmp_path / "staged"))
