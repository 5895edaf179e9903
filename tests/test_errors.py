"""The error tree, and what a failure says."""

import inspect

from labkit import errors
from labkit.errors import LabkitError


def test_a_failure_says_where_what_and_what_to_do():
    assert str(LabkitError("it broke")) == "it broke"
    assert str(LabkitError("it broke", where="a.toml:3")) == "a.toml:3: it broke"
    assert str(LabkitError("it broke", remedy="mend it")) == "it broke\n  → mend it"


def test_every_error_of_the_module_is_in_the_tree_that_its_docstring_draws():
    for name, kind in inspect.getmembers(errors, inspect.isclass):
        assert issubclass(kind, LabkitError)
        assert name in errors.__doc__
