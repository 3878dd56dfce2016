"""`/api/v1`: figures and the fleet for other programs, described by an OpenAPI document."""
