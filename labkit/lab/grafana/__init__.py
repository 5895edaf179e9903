"""Grafana's dashboards in a notebook: their own JSON, read, queried and drawn.

The form is what Grafana 11 and 12 export (``schemaVersion`` 36 to 42, the classic one): see
https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/. What cannot be drawn says so
in its panel's place.
"""
