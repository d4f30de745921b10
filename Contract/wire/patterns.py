# SPDX-License-Identifier: Apache-2.0
"""Random strings that match a pattern of a service model, with their length in bounds."""

import random
import re

try:
    from re import _parser as sre
except ImportError:  # Python before 3.11
    import sre_parse as sre

_PRINTABLE = [chr(code) for code in range(0x21, 0x7F)]


def _normalised(pattern: str) -> str:
    """Spells what Python's parser does not know in what it does."""
    pattern = pattern.replace(r"\u10000-\u10FFFF", "\U00010000-\U0010FFFF")
    for name, members in (("L", "a-zA-Zäß"), ("Z", " "), ("N", "0-9")):
        pattern = pattern.replace(rf"\p{{{name}}}", members)
    return pattern


class PatternSampler:
    """Samples a pattern; `None` from `sample` when no try fits the bounds."""

    def __init__(self, pattern: str, generator: random.Random):
        self.tree = sre.parse(_normalised(pattern))
        self.generator = generator

    def sample(self, minimum: int, maximum: int) -> str | None:
        for attempt in range(200):
            self.reach = min(maximum, max(minimum, 2) + attempt // 4)
            text = self._sequence(self.tree)
            if minimum <= len(text) <= maximum:
                return text
        return None

    def _sequence(self, nodes) -> str:
        return "".join(self._node(kind, argument) for kind, argument in nodes)

    def _node(self, kind, argument) -> str:
        name = str(kind)
        if name == "LITERAL":
            return chr(argument)
        if name == "ANY":
            return self.generator.choice(_PRINTABLE)
        if name == "IN":
            return self._set(argument)
        if name == "NOT_LITERAL":
            return self.generator.choice([c for c in _PRINTABLE if ord(c) != argument])
        if name == "BRANCH":
            return self._sequence(self.generator.choice(argument[1]))
        if name == "SUBPATTERN":
            return self._sequence(argument[3])
        if name in ("MAX_REPEAT", "MIN_REPEAT"):
            low, high, inner = argument
            high = min(int(high), max(int(low), self.reach))
            return "".join(
                self._sequence(inner) for _ in range(self.generator.randint(int(low), high))
            )
        if name in ("AT", "ASSERT", "ASSERT_NOT"):
            return ""
        raise NotImplementedError(name)

    def _set(self, items) -> str:
        negated = any(str(kind) == "NEGATE" for kind, _ in items)
        if negated:
            choices = [c for c in _PRINTABLE if not self._holds(items, c)]
            return self.generator.choice(choices)
        kind, argument = self.generator.choice(items)
        if str(kind) == "LITERAL":
            return chr(argument)
        if str(kind) == "RANGE":
            low, high = argument
            while True:
                code = self.generator.randint(low, high)
                if not 0xD800 <= code < 0xE000:
                    return chr(code)
        return self.generator.choice(
            {
                "CATEGORY_DIGIT": "0123456789",
                "CATEGORY_WORD": "abcXYZ019_",
                "CATEGORY_SPACE": " \t",
                "CATEGORY_NOT_SPACE": "aZ0-_/",
                "CATEGORY_NOT_WORD": "-./",
                "CATEGORY_NOT_DIGIT": "aZ-",
            }[str(argument)]
        )

    @staticmethod
    def _holds(items, character: str) -> bool:
        for kind, argument in items:
            if str(kind) == "LITERAL" and ord(character) == argument:
                return True
            if str(kind) == "RANGE" and argument[0] <= ord(character) <= argument[1]:
                return True
            if str(kind) == "CATEGORY":
                expression = {
                    "CATEGORY_SPACE": r"\s", "CATEGORY_DIGIT": r"\d", "CATEGORY_WORD": r"\w",
                }.get(str(argument), r"(?!)")
                if re.match(expression, character):
                    return True
        return False
