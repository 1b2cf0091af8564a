"""Bells and live text on Redis."""

from lexora_gql.adapters.redis_events.bus import RedisEvents

__all__ = ["RedisEvents"]
