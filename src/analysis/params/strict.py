"""YAML without its surprises: a key stands once, and a file is no larger than a person writes.

What cannot be a value (30 February, a number of 5,000 digits) stays text, so that the check of its
key says what is wrong with it.
"""

from __future__ import annotations

import math
from typing import Any

import yaml

MOST_BYTES = 1_000_000
MOST_VALUES = 50_000
DEEPEST = 30
LONGEST_NUMBER = 100


class NotReadable(ValueError):
    """A text is no YAML that is read here: what is wrong with it, as the end of a sentence."""


class _StrictLoader(yaml.SafeLoader):
    def construct_mapping(self, node, deep=False):
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=deep)
            if not isinstance(key, str):
                raise _refused(f"key {str(key)[:40]!r} must be a word", key_node)
            if key in seen:
                raise _refused(f"key {key[:40]!r} must stand once, but stands twice", key_node)
            seen.add(key)
        return super().construct_mapping(node, deep)

    def construct_day(self, node):
        try:
            return self.construct_yaml_timestamp(node)
        except ValueError:
            return node.value

    def construct_number(self, node):
        number = self.construct_yaml_int if node.tag.endswith("int") else self.construct_yaml_float
        try:
            value = number(node) if len(node.value) <= LONGEST_NUMBER else node.value
        except ValueError:
            return node.value
        return value if isinstance(value, str) or math.isfinite(value) else node.value


_StrictLoader.add_constructor("tag:yaml.org,2002:timestamp", _StrictLoader.construct_day)
for kind in ("int", "float"):
    _StrictLoader.add_constructor(f"tag:yaml.org,2002:{kind}", _StrictLoader.construct_number)


def read_yaml(text: str) -> Any:
    """Read a YAML text.

    Raises
    ------
    NotReadable
        Where and why it cannot be read: its form, its size, its depth, or a key given twice.
    """
    if len(text) > MOST_BYTES:
        raise NotReadable(f"it is longer than {MOST_BYTES:,} characters")
    try:
        loader = _StrictLoader(text)
        node = loader.get_single_node()
        if node is None:
            return None
        _measure(node, {}, ())
        return loader.construct_document(node)
    except RecursionError:
        raise NotReadable(f"its values lie deeper than {DEEPEST} levels in each other") from None
    except yaml.YAMLError as error:
        raise NotReadable(_one_line(error)) from None
    except (ValueError, TypeError, OverflowError) as error:
        raise NotReadable(f"a value cannot be read ({' '.join(str(error).split())[:80]})") from None


def _measure(node: yaml.Node, known: dict[int, int], above: tuple[int, ...]) -> int:
    """The values that a node stands for, those behind its aliases too."""
    if id(node) in above:
        raise _refused("an alias must not lead back to where it stands", node)
    if len(above) >= DEEPEST:
        raise _refused(f"values must not lie deeper than {DEEPEST} levels in each other", node)
    if id(node) not in known:
        inner = [one for pair in _children(node) for one in pair]
        known[id(node)] = 1 + sum(_measure(one, known, (*above, id(node))) for one in inner)
    if known[id(node)] > MOST_VALUES:
        raise _refused(f"there must not be more than {MOST_VALUES:,} values", node)
    return known[id(node)]


def _children(node: yaml.Node) -> list[tuple[yaml.Node, ...]]:
    if isinstance(node, yaml.MappingNode):
        return node.value
    return [(one,) for one in node.value] if isinstance(node, yaml.SequenceNode) else []


def _refused(why: str, node: yaml.Node) -> yaml.YAMLError:
    return yaml.constructor.ConstructorError(None, None, why, node.start_mark)


def _one_line(error: yaml.YAMLError) -> str:
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    told = " ".join(str(problem or error).split())[:200]
    return told if mark is None else f"line {mark.line + 1}: {told}"
