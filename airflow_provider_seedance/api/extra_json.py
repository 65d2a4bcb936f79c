"""A JSON object within a connection's extra: Airflow's form stores the object, other tools may store its text."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

T = TypeVar("T")


def decoded(name: str, value: Any) -> Any:
    """The value itself, or what its text holds as JSON, in which numbers with a point are read as `Decimal`.

    :param name: of the field, for the error.
    :param value: of the field.
    :raises ValueError: the text is no JSON, is nested too deeply, or has a number of thousands of digits.
    """
    try:
        return json.loads(value, parse_float=Decimal) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        raise ValueError(f"extra `{name}` is no JSON that can be read.") from None


def read_object(name: str, value: Any, as_type: TypeAdapter[T]) -> T:
    """The field as an object of a type.

    :param name: of the field, for the error.
    :param value: of the field.
    :param as_type: of the object.
    :raises ValueError: naming each place that is wrong.
    """
    try:
        return as_type.validate_python(decoded(name, value))
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        problems = [f"{'.'.join(map(str, item['loc'])) or 'it'}: {item['msg']}" for item in found]
        raise ValueError(f"extra `{name}` can't be read: {'; '.join(problems)}.") from None
