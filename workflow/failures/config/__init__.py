"""The configuration: schema, defaults and validation."""
