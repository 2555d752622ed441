"""The cache: Redis or Valkey, and a database table while that does not answer.

Sign-in throttling counts in the cache, so losing the broker must neither stop sign-in nor open it to guessing.
"""

from typing import Any

import redis
import structlog
from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.core.cache.backends.db import DatabaseCache
from django.core.cache.backends.redis import RedisCache

log = structlog.get_logger("evenkeel.cache")
TABLE = "practice_cache"
UNREACHABLE = (redis.ConnectionError, redis.TimeoutError, OSError)


class FallbackCache(BaseCache):
    """Every call goes to Redis first and to the table ``practice_cache`` when Redis cannot be reached."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        options = params.setdefault("OPTIONS", {})
        options |= {"socket_connect_timeout": 0.2, "socket_timeout": 0.5}
        self._redis = RedisCache(server, params)
        self._table = DatabaseCache(TABLE, {})

    def _first(self, method: str, *args: Any, **kwargs: Any) -> Any:
        try:
            return getattr(self._redis, method)(*args, **kwargs)
        except UNREACHABLE:
            log.warning("cache.fallback", reason=method)
            return getattr(self._table, method)(*args, **kwargs)

    def add(self, key, value, timeout=DEFAULT_TIMEOUT, version=None):
        return self._first("add", key, value, timeout, version)

    def get(self, key, default=None, version=None):
        return self._first("get", key, default, version)

    def set(self, key, value, timeout=DEFAULT_TIMEOUT, version=None):
        return self._first("set", key, value, timeout, version)

    def touch(self, key, timeout=DEFAULT_TIMEOUT, version=None):
        return self._first("touch", key, timeout, version)

    def delete(self, key, version=None):
        return self._first("delete", key, version)

    def has_key(self, key, version=None):
        return self._first("has_key", key, version)

    def incr(self, key, delta=1, version=None):
        return self._first("incr", key, delta, version)

    def clear(self):
        return self._first("clear")
