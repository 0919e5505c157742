"""The address of a database or cluster: what in it would be overlooked is refused.

An engine that does not look at a part of its address answers all the same, from somewhere else: a
new local Spark has none of the cluster's tables.
"""

from __future__ import annotations

from urllib.parse import SplitResult, parse_qsl, urlsplit

from analysis.params.secrets import plain_secret

SPARK = ("sc", "spark", "pyspark")
SPARK_FORMS = (
    "sc://host:15002 names a Spark Connect server, spark://host:7077 a cluster by its master, and "
    "pyspark://?spark.master=… any other master, such as yarn or local[2]"
)
WITHOUT_TABLES = ("datafusion", "flink", "polars")


def check_address(url: str) -> None:
    """Refuse an address that is none, that holds a secret, or of which a part would be overlooked.

    Raises
    ------
    ValueError
        What the address must be, and what came.
    """
    if "://" not in url:
        raise ValueError(
            "url must be like postgres://user:${ACME_PASSWORD}@host/database, but has no ://"
        )
    if where := plain_secret(url):
        raise ValueError(
            "url must take its secrets from the environment (user:${ACME_PASSWORD}@host), "
            f"but holds one in plain text ({where})"
        )
    parts = urlsplit(url)
    if parts.fragment:
        raise ValueError(
            "url must have no part that is overlooked, but what follows its # would be; "
            "write %23 where a # belongs to a name"
        )
    if parts.scheme in WITHOUT_TABLES:
        raise ValueError(
            f"url must name a database or cluster that holds tables, but {parts.scheme} holds none"
        )
    overlooked = _overlooked_by_spark(parts) if parts.scheme in SPARK else ""
    if overlooked:
        raise ValueError(
            f"url must have no part that Spark overlooks, but {overlooked}; {SPARK_FORMS}"
        )


def spark_settings(url: str) -> dict[str, str]:
    """The settings that an address of Spark stands for, `spark.remote` or `spark.master` first."""
    parts = urlsplit(url)
    if parts.scheme == "sc":
        return {"spark.remote": url}
    if parts.scheme == "spark":
        return {"spark.master": url}
    return dict(parse_qsl(parts.query, keep_blank_values=True))


def _overlooked_by_spark(parts: SplitResult) -> str:
    """What Spark would not look at; empty where there is nothing."""
    if parts.scheme == "pyspark":
        return _overlooked_settings(parts)
    if not parts.netloc:
        return f"{parts.scheme}:// came without a host"
    if "@" in parts.netloc:
        return "a user came before the host (Spark Connect takes ;user_id=… and ;token=…)"
    path = parts.path.split(";")[0] if parts.scheme == "sc" else parts.path
    if path.strip("/"):
        return f"the path '{path}' came (name a table as database.table)"
    return "a ? came" if parts.query else ""


def _overlooked_settings(parts: SplitResult) -> str:
    if parts.netloc or parts.path.strip("/"):
        came = "host" if parts.netloc else "path"
        return f"a {came} came after pyspark://, and a new local Spark would answer"
    settings = dict(parse_qsl(parts.query, keep_blank_values=True))
    foreign = [key for key in settings if not key.startswith("spark.")]
    if foreign:
        return f"{foreign[0]} is no setting of Spark (they begin with spark.)"
    remote = settings.get("spark.remote")
    if remote is not None and "spark.master" in settings:
        return "both spark.remote and spark.master came"
    if remote is not None and not remote.startswith("sc://"):
        return "spark.remote does not begin with sc://"
    if remote is not None:
        return _overlooked_by_spark(urlsplit(remote))
    return ""
