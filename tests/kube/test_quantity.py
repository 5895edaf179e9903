"""Quantities, as apimachinery reads them."""

import pytest

from labkit.kube import quantity


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("500m", 0.5),
        ("2", 2),
        (2, 2),
        ("1Gi", 2**30),
        ("32461932Ki", 32461932 * 1024),
        ("8M", 8e6),
        ("0", 0),
        ("1.5", 1.5),
    ],
)
def test_a_quantity_is_a_number_of_its_base_unit(text, value):
    assert quantity.parse(text) == value
