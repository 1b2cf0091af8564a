"""What was used up, on Redis."""

from lexora_gql.adapters.redis_allowances.allowances import RedisAllowances

__all__ = ["RedisAllowances"]
