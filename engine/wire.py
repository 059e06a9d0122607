"""What the formats of files and results have in common: strict models, and lists that may be one value."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic_core import core_schema


class Part(BaseModel):
    """A part of a file or result: nothing in it that is not declared, nothing changed later."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class OneOrMany:
    """Marks a list for which a single value may stand, in the reader and in the JSON Schema."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.no_info_before_validator_function(self._listed, handler(source))

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        many = handler(schema)
        return {"anyOf": [many["items"], many]} if "items" in many else many

    @staticmethod
    def _listed(value: Any) -> Any:
        return value if isinstance(value, list) else [value]
