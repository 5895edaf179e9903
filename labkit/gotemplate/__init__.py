"""Go's text/template, as far as Prometheus' annotations and Loki's ``line_format`` use it.

Rules: https://pkg.go.dev/text/template. Data are Python's ``str``, ``bool``, ``int``, ``float``, ``None``,
mappings and sequences; a field is a key of a mapping, never an attribute of an object, so a template
reaches nothing but what it is given. A key that is not there is empty (``missingkey=zero``, which
both Prometheus and Loki set). Left out: methods, complex numbers and ``call``.
"""

from labkit.gotemplate.failure import TemplateError
from labkit.gotemplate.template import Template, parse

__all__ = ["Template", "TemplateError", "parse"]
