# SPDX-License-Identifier: Apache-2.0
"""Seeded random values of botocore shapes, and their canonical form for comparison."""

import base64
import datetime
import random

from patterns import PatternSampler

_TEXT = "abcXYZ 019-_./:=+@é漢😀\t<>&\"'\\%"
_DEPTH_MAX = 4


class Sampler:
    """Values within the constraints of a shape."""

    def __init__(self, seed: str, fill: float):
        self.generator = random.Random(seed)
        #: Probability that an optional member is there.
        self.fill = fill

    def value(self, shape, depth: int = 0):
        return getattr(self, "_" + shape.type_name, self._unknown)(shape, depth)

    def _unknown(self, shape, depth):
        raise NotImplementedError(shape.type_name)

    def _structure(self, shape, depth):
        if getattr(shape, "is_tagged_union", False):
            name = self.generator.choice(list(shape.members))
            return {name: self.value(shape.members[name], depth + 1)}
        result = {}
        for name, member in shape.members.items():
            if name in shape.required_members or (
                depth < _DEPTH_MAX and self.generator.random() < self.fill
            ):
                result[name] = self.value(member, depth + 1)
        return result

    def _count(self, shape) -> int:
        low = int(shape.metadata.get("min", 0))
        high = int(shape.metadata.get("max", low + 3))
        return self.generator.randint(max(low, min(1, high)), min(high, max(low, 3)))

    def _list(self, shape, depth):
        return [self.value(shape.member, depth + 1) for _ in range(self._count(shape))]

    def _map(self, shape, depth):
        count = self._count(shape)
        if shape.key.enum:
            count = min(count, len(shape.key.enum))
        result = {}
        while len(result) < count:
            result[self.value(shape.key, depth + 1)] = self.value(shape.value, depth + 1)
        return result

    def _string(self, shape, depth):
        if shape.enum:
            return self.generator.choice(shape.enum)
        low = int(shape.metadata.get("min", 0))
        high = int(shape.metadata.get("max", max(low, 24)))
        pattern = shape.metadata.get("pattern")
        if pattern:
            high = int(shape.metadata.get("max", 200))
            text = PatternSampler(pattern, self.generator).sample(max(low, 1), high)
            assert text is not None, f"no sample of {pattern}"
            return text
        length = self.generator.randint(max(low, 1), max(1, min(high, max(low, 24))))
        # Astral characters count twice on the wire's side.
        alphabet = _TEXT if length * 2 <= high and length > low else _TEXT.replace("😀", "")
        return "".join(self.generator.choice(alphabet) for _ in range(length))

    _character = _string

    def _number(self, shape, low_default, high_default):
        low = int(shape.metadata.get("min", low_default))
        high = int(shape.metadata.get("max", high_default))
        return self.generator.randint(low, high)

    def _integer(self, shape, depth):
        return self._number(shape, -(2**31), 2**31 - 1)

    def _long(self, shape, depth):
        return self._number(shape, -(2**53), 2**53)

    def _double(self, shape, depth):
        low = float(shape.metadata.get("min", -1e6))
        high = float(shape.metadata.get("max", 1e6))
        return self.generator.uniform(low, high)

    _float = _double

    def _boolean(self, shape, depth):
        return self.generator.random() < 0.5

    def _blob(self, shape, depth):
        low = int(shape.metadata.get("min", 0))
        high = int(shape.metadata.get("max", low + 40))
        return self.generator.randbytes(self.generator.randint(low, min(high, low + 40)))

    def _timestamp(self, shape, depth):
        return datetime.datetime.fromtimestamp(
            self.generator.randint(0, 4_000_000_000), datetime.timezone.utc
        )


def canonical(shape, value):
    """The value as the test door prints it: base64 blobs, ISO 8601 timestamps."""
    if value is None:
        return None
    kind = shape.type_name
    if kind == "structure":
        return {
            name: canonical(shape.members[name], member)
            for name, member in value.items()
            if name in shape.members and member is not None
        }
    if kind == "list":
        return [canonical(shape.member, member) for member in value]
    if kind == "map":
        return {key: canonical(shape.value, member) for key, member in value.items()}
    if kind == "blob":
        raw = value if isinstance(value, (bytes, bytearray)) else value.read()
        return base64.b64encode(raw).decode()
    if kind == "timestamp":
        return value.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    return value
