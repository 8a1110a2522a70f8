"""Whether one JSON Schema takes all that another takes, for the part of JSON Schema that pydantic writes."""

from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]

LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems")
UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")
OPAQUE = ("pattern", "format")
"""Nobody can compare two of these; only the same or none is known not to be narrower."""


def narrowed(old: Schema, new: Schema, where: str) -> Iterator[str]:
    """Why `new` refuses something that `old` takes. Both are whole documents with their ``$defs``."""
    return _Comparison(old.get("$defs", {}), new.get("$defs", {})).schema(old, new, where)


class _Comparison:
    def __init__(self, old_definitions: Schema, new_definitions: Schema) -> None:
        self._old = old_definitions
        self._new = new_definitions

    def schema(self, old: Schema, new: Schema, where: str) -> Iterator[str]:
        """Each alternative of `old` must be taken by one of `new`."""
        choices = [_resolved(one, self._new) for one in new.get("anyOf", [new])]
        for one in old.get("anyOf", [old]):
            alternative = _resolved(one, self._old)
            problems = [list(self._alternative(alternative, choice, where)) for choice in choices]
            if all(problems):
                yield from min(problems, key=len)

    def _alternative(self, old: Schema, new: Schema, where: str) -> Iterator[str]:
        if not _types(old) <= _types(new):
            yield f"{where}: the type was {old.get('type', 'any')} and is {new.get('type', 'any')}"
            return
        yield from _values(old, new, where)
        yield from _bounds(old, new, where)
        if "items" in new:
            yield from self.schema(old.get("items", {}), new["items"], f"{where}[]")
        yield from self._fields(old, new, where)

    def _fields(self, old: Schema, new: Schema, where: str) -> Iterator[str]:
        before, now = old.get("properties", {}), new.get("properties", {})
        for field in before.keys() - now.keys():
            yield f"{where}.{field} was removed"
        for field in sorted(set(new.get("required", ())) - set(old.get("required", ()))):
            yield f"{where}.{field} became required" if field in before else f"{where}.{field} is new and required"
        for field in before.keys() & now.keys():
            yield from self.schema(before[field], now[field], f"{where}.{field}")
        free, allowed = old.get("additionalProperties", True), new.get("additionalProperties", True)
        if isinstance(allowed, dict):
            yield from self.schema(free if isinstance(free, dict) else {}, allowed, f"{where}{{}}")
        elif allowed is False and free is not False:
            yield f"{where}: further fields were allowed and are refused"


def _resolved(schema: Schema, definitions: Schema) -> Schema:
    reference = schema.get("$ref")
    return schema if reference is None else definitions[reference.rpartition("/")[2]]


def _types(schema: Schema) -> frozenset[str]:
    """The JSON types it takes; an integer is a number too."""
    given = schema.get("type")
    if given is None:
        return frozenset({"null", "boolean", "integer", "number", "string", "array", "object"})
    types = {given} if isinstance(given, str) else set(given)
    return frozenset(types | ({"integer"} if "number" in types else set()))


def _values(old: Schema, new: Schema, where: str) -> Iterator[str]:
    allowed = _listed(new)
    if allowed is not None:
        known = _listed(old)
        gone = allowed if known is None else [value for value in known if value not in allowed]
        if known is None:
            yield f"{where}: any value was allowed, only {gone} is now"
        elif gone:
            yield f"{where}: {gone} was allowed and is refused"


def _listed(schema: Schema) -> list[Any] | None:
    return [schema["const"]] if "const" in schema else schema.get("enum")


def _bounds(old: Schema, new: Schema, where: str) -> Iterator[str]:
    for bound in (*LOWER, *UPPER, *OPAQUE):
        if bound in new and _tighter(bound, old.get(bound), new[bound]):
            yield f"{where}: {bound} was {old.get(bound, 'not given')} and is {new[bound]}"


def _tighter(bound: str, before: Any, now: Any) -> bool:
    if before is None:
        return True
    if bound in OPAQUE:
        return bool(before != now)
    return bool(now > before if bound in LOWER else now < before)
