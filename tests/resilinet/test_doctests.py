"""The examples in docstrings are true."""

import doctest
import importlib
import pkgutil

import pytest

import resilinet

MODULES = [found.name for found in pkgutil.walk_packages(resilinet.__path__, "resilinet.")]
WITH_EXAMPLES = {"failout", "expectation", "routing", "topology", "weights", "network", "messages"}


@pytest.mark.parametrize("name", ["resilinet", *MODULES])
def test_examples_in_docstrings_are_true(name: str) -> None:
    found = doctest.testmod(importlib.import_module(name))
    assert found.failed == 0
    assert found.attempted > 0 or name.removeprefix("resilinet.") not in WITH_EXAMPLES
