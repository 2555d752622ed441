"""Logs by an allow-list of keys: what is not on the list is not written, so no health data reaches a log line.

Messages of other libraries keep their logger and level, but their text and arguments may quote user input or SQL
parameters, so only an event name from the list of known loggers survives.
"""

import logging.config
import sys
from typing import Any

import structlog

ALLOWED_KEYS = frozenset(
    {
        "event",
        "level",
        "timestamp",
        "logger",
        "request_id",
        "method",
        "route",
        "status",
        "milliseconds",
        "queries",
        "task",
        "count",
        "sent",
        "skipped",
        "failed",
        "message_id",
        "kind",
        "channel",
        "reason",
        "attempts",
        "exception_type",
        "exception_at",
        "seconds",
        "pid",
    }
)


def keep_allowed(logger: Any, name: str, event: dict[str, Any]) -> dict[str, Any]:
    """Drop every key that is not on the list; a traceback becomes its type and place, without values."""
    exc_info = event.pop("exc_info", None)
    if exc_info is True:
        exc_info = sys.exc_info()
    if isinstance(exc_info, BaseException):
        exc_info = (type(exc_info), exc_info, exc_info.__traceback__)
    if exc_info and exc_info[0]:
        event["exception_type"] = exc_info[0].__qualname__
        trace = exc_info[2]
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        if trace is not None:
            event["exception_at"] = f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}"
    return {key: value for key, value in event.items() if key in ALLOWED_KEYS}


def foreign_event(logger: Any, name: str, event: dict[str, Any]) -> dict[str, Any]:
    """A record of another library: keep who spoke, drop what was said unless it is known to quote nobody.

    gunicorn quotes requests in its arguments, or in a text without any; a text that waits for arguments is fixed.
    """
    record = event.get("_record")
    if record is None:
        return event
    if record.name.startswith("gunicorn") and record.msg != event["event"]:  # it has arguments; structlog took them
        event["event"] = str(record.msg)
    elif not record.name.startswith(("celery.beat", "celery.worker", "celery.apps")):
        event["event"] = f"{record.name}.{record.funcName}"
    return event


def logging_config(*, json: bool) -> None:
    """Configure structlog and the standard library to one formatter on standard error."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer = structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "allowed": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": [*shared, foreign_event],
                    "processors": [
                        keep_allowed,
                        renderer,
                    ],
                }
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "allowed"}},
            "root": {"handlers": ["stderr"], "level": "WARNING"},
            "loggers": {"evenkeel": {"level": "INFO"}},
        }
    )
