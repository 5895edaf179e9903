"""Receivers of Alertmanager, as data: where a notification would go. Nothing is sent.

Fields: https://prometheus.io/docs/alerting/latest/configuration/#receiver-integration-settings, for the
integrations that are known here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

_COMMON = frozenset({"send_resolved", "http_config"})
FIELDS: Mapping[str, frozenset[str]] = {
    "webhook": _COMMON | {"url", "url_file", "max_alerts", "timeout", "payload"},
    "slack": _COMMON | {
        "api_url", "api_url_file", "app_url", "app_token", "app_token_file", "channel", "username", "color", "title",
        "title_link", "pretext", "text", "message_text", "fields", "short_fields", "footer", "fallback",
        "callback_id", "icon_emoji", "icon_url", "image_url", "thumb_url", "link_names", "mrkdwn_in", "actions",
        "timeout", "update_message",
    },
    "pagerduty": _COMMON | {
        "service_key", "service_key_file", "routing_key", "routing_key_file", "url", "client", "client_url",
        "description", "details", "images", "links", "source", "severity", "class", "component", "group", "timeout",
    },
    "email": frozenset({
        "send_resolved", "to", "from", "hello", "smarthost", "auth_username", "auth_password", "auth_password_file",
        "auth_secret", "auth_secret_file", "auth_identity", "headers", "html", "text", "require_tls", "tls_config",
        "force_implicit_tls", "threading",
    }),
}  # fmt: skip
"""By integration, the fields it may have."""

SEND_RESOLVED = {"webhook": True, "pagerduty": True, "slack": False, "email": False}
"""Whether an integration tells of resolved alerts where its configuration does not say."""


class Receiver(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A receiver and its integrations."""

    name: str = ""
    labels: dict[str, str] = {}
    webhook_configs: tuple[dict[str, Any], ...] = ()
    slack_configs: tuple[dict[str, Any], ...] = ()
    pagerduty_configs: tuple[dict[str, Any], ...] = ()
    email_configs: tuple[dict[str, Any], ...] = ()

    def integrations(self) -> "Iterator[Integration]":
        """The integrations, kind by kind in the order of upstream."""
        for kind in FIELDS:
            for number, settings in enumerate(getattr(self, f"{kind}_configs")):
                yield Integration(self.name, kind, number, settings)


@dataclass(frozen=True)
class Integration:
    """One way in which a receiver is told."""

    receiver: str
    kind: str
    number: int
    settings: Mapping[str, Any]

    @property
    def send_resolved(self) -> bool:
        """Whether it is told of resolved alerts."""
        given = self.settings.get("send_resolved")
        return SEND_RESOLVED[self.kind] if given is None else str(given).lower() == "true"

    def __str__(self) -> str:
        """As upstream names it: ``webhook[0]``."""
        return f"{self.kind}[{self.number}]"


def problem(one: Integration, settings: Mapping[str, Any]) -> tuple[str, str] | None:
    """Field and problem of an integration, in upstream's words; ``settings`` are the global ones."""
    own = one.settings
    for field in own:
        if field not in FIELDS[one.kind]:
            return field, f"field {field} not found in {one.kind}_config"
    given = own.keys() | {name.removeprefix("slack_").removeprefix("smtp_") for name in settings}
    for wanted, what in _WANTED[one.kind]:
        if not any(own.get(name) or (name in given and name not in own) for name in wanted):
            return wanted[0], what
    if one.kind == "webhook" and "url" in own and not str(own["url"]).startswith(("http://", "https://")):
        return "url", f"unsupported scheme in {own['url']!r} for URL"
    return None


_WANTED: Mapping[str, tuple[tuple[tuple[str, ...], str], ...]] = {
    "webhook": ((("url", "url_file"), "one of url or url_file must be configured"),),
    "slack": ((
        ("api_url", "api_url_file", "app_token", "app_token_file"),
        "no Slack API URL nor App token set either inline or in a file",
    ),),
    "pagerduty": ((
        ("routing_key", "routing_key_file", "service_key", "service_key_file"),
        "missing service or routing key in PagerDuty config",
    ),),
    "email": (
        (("to",), "missing to address in email config"), (("smarthost",), "no global SMTP smarthost set"),
        (("from",), "no global SMTP from set"),
    ),
}  # fmt: skip
"""By integration: of which fields one is wanted, here or (with its prefix) in the global settings."""
