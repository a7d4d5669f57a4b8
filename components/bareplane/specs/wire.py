"""The base of every spec: strict, frozen, camelCase on the wire."""

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, StringConstraints
from pydantic.alias_generators import to_camel

DNS_LABEL = r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"
DNS_NAME = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
VERSION = r"^[0-9]+\.[0-9]+\.[0-9]+$"

NodeName = Annotated[str, StringConstraints(pattern=DNS_LABEL)]
DnsName = Annotated[str, StringConstraints(pattern=DNS_NAME, max_length=253)]
Version = Annotated[str, StringConstraints(pattern=VERSION)]


class Spec(BaseModel):
    """Inputs of one kind. Unknown fields are errors; values do not change once made."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=to_camel, validate_by_name=True, validate_by_alias=True
    )

    def to_wire(self) -> dict[str, Any]:
        """The spec as Pulumi input properties (camelCase, plain JSON types, unset options left out)."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    @classmethod
    def from_wire(cls, properties: dict[str, Any]) -> Self:
        """The spec from Pulumi properties. Raises pydantic.ValidationError naming each wrong property."""
        return cls.model_validate(properties)
