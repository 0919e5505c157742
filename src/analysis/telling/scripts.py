"""Chinese, Japanese and Korean text needs a font that the wheels do not bring."""

from __future__ import annotations

import re
from collections.abc import Iterable

CJK = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]")
CJK_LANGUAGES = ("zh", "ja", "ko")
CJK_FAMILIES = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Noto Serif CJK SC",
    "Microsoft YaHei",
    "PingFang SC",
)
NO_CJK = (
    "{what} must have a font with Chinese characters, but none is installed; "
    "install one: apt-get install fonts-wqy-microhei"
)


def is_cjk(language: str) -> bool:
    """Whether a language is written in Chinese, Japanese or Korean signs."""
    return language.split("-")[0] in CJK_LANGUAGES


def cjk_family(present: Iterable[str]) -> str | None:
    """The first known family with Chinese characters among those that are there."""
    names = set(present)
    return next((family for family in CJK_FAMILIES if family in names), None)
