"""Credentials do not become part of a recording."""

import yaml

from labkit.recording.credentials import masked

TEXT = """
global: {smtp_auth_password: hunter2, slack_api_url: 'https://hooks/hunter2', smtp_auth_password_file: /etc/p}
route: {receiver: a, group_by: [key]}
receivers:
  - name: a
    pagerduty_configs: [{routing_key: hunter2}]
    webhook_configs:
      - url: http://me:hunter2@bridge/
        http_config: {authorization: {type: Bearer, credentials: hunter2}, basic_auth: {username: u, password: hunter2}}
"""


def test_what_alertmanager_hides_is_hidden_and_the_rest_stays():
    shown = masked(TEXT, "alertmanager.yml")
    assert "hunter2" not in shown
    found = yaml.safe_load(shown)
    assert found["global"]["smtp_auth_password_file"] == "/etc/p"
    assert found["route"] == {"receiver": "a", "group_by": ["key"]}
    assert found["receivers"][0]["webhook_configs"][0]["url"] == "http://<secret>@bridge/"


def test_a_configuration_without_credentials_stays_as_it_is():
    text = "# ours\nroute: {receiver: a}\n"
    assert masked(text, "alertmanager.yml") is text
