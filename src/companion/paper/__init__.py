"""The paper's numbers, ours beside them, and what holds.

Every printed number and every statement has an address, (artefact, key), for example
``("table-1-health", "resilinet/n1")`` or ``("claims", "key-result-1/health")``: within an artefact the key is
``series/condition``, where a series is a scheme or a failout rate, and a condition a failure scenario or setting.
:func:`verify` gives each address one :class:`Entry` of the ledger.
"""

from companion.paper.ledger import totals, verify
from companion.paper.measured import Measured
from companion.paper.printed import Printed, printed_value, printed_values, statements
from companion.paper.samples import Sample
from companion.paper.verdicts import Check, Entry, Verdict

__all__ = [
    "Check",
    "Entry",
    "Measured",
    "Printed",
    "Sample",
    "Verdict",
    "printed_value",
    "printed_values",
    "statements",
    "totals",
    "verify",
]
