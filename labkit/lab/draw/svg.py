"""Elements of HTML and SVG: the one place where text from outside is escaped."""

from html import escape
from typing import NewType

Markup = NewType("Markup", str)
"""Text that is markup already. Everything else is escaped on its way in."""


def element(name: str, attributes: dict[str, object] | None = None, *content: str | Markup) -> Markup:
    """An element; ``content`` is markup made by :func:`element` or :func:`text`, never raw text.

    An underscore in the name of an attribute stands for a hyphen; an attribute that is ``None`` is left out.
    """
    given = (attributes or {}).items()
    written = "".join(f' {key.replace("_", "-")}="{_value(value)}"' for key, value in given if value is not None)
    return Markup(f"<{name}{written}>{''.join(content)}</{name}>")


def text(content: object) -> Markup:
    """``content`` as text, escaped; control characters, which a terminal would obey, are shown as their pictures."""
    return Markup(escape(str(content).translate(_CONTROL)))


def number(value: float) -> str:
    """A coordinate: a tenth of a pixel is fine enough."""
    return f"{value:.1f}".removesuffix(".0")


def picture(width: float, height: float, *content: Markup, label: str) -> Markup:
    """An SVG as wide as its place, at most ``width``; ``label`` says in words what it shows."""
    return element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg", "viewBox": f"0 0 {number(width)} {number(height)}", "role": "img", "aria_label": label,
            "style": f"display:block;width:100%;max-width:{number(width)}px;height:auto;font:11px {FONT}",
        },
        *content,
    )  # fmt: skip


def div(style: str, *content: str | Markup, title: str | None = None) -> Markup:
    """A block in a style of its own."""
    return element("div", {"style": style, "title": title}, *content)


def span(style: str, *content: str | Markup, title: str | None = None) -> Markup:
    """A run of text in a style of its own."""
    return element("span", {"style": style, "title": title}, *content)


FONT = "var(--jp-ui-font-family, system-ui, sans-serif)"
MONOSPACE = "var(--jp-code-font-family, ui-monospace, monospace)"
MUTED = "opacity:.7"

_CONTROL = {code: chr(0x2400 + code) for code in range(32) if chr(code) not in "\n\t"} | {127: "␡"}


def _value(value: object) -> str:
    return number(value) if isinstance(value, float) else escape(str(value).translate(_CONTROL))
