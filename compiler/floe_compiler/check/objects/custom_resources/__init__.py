"""Schemas of the custom resources that GitOps users meet: compact models of the operators' published definitions.

They know the fields in common use; a field they don't know is refused like a misspelt one. Where the environment
renders the CustomResourceDefinition itself, that one is used instead.
"""

from __future__ import annotations

from collections.abc import Mapping

from floe_compiler.check.objects.custom_resources import argo_cd, external_secrets, flux
from floe_compiler.check.objects.custom_resources.words import Schema

SCHEMAS: Mapping[tuple[str, str], Schema] = {**external_secrets.SCHEMAS, **argo_cd.SCHEMAS, **flux.SCHEMAS}
"""The schema of each custom resource by API version and kind."""

REMOVED = external_secrets.REMOVED
"""What no operator serves any more, by API version and kind: the release that ended it, and the version to write."""
