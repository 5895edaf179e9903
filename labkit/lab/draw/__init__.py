"""Pictures of signals as HTML and SVG text, from plain data; they know no server and no pandas.

They are drawn by hand, not by matplotlib: text and lines take the theme's own colours (``currentColor``), a legend is
text that wraps, and twenty panels cost milliseconds. Everything that comes from outside is escaped in
:mod:`labkit.lab.draw.svg`.
"""
