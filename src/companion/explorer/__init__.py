"""The failure explorer: a page on which a reader fails physical nodes and sees what becomes of data and accuracy.

Everything that it shows is computed here and handed to a script in the page: no server, no request to any host. The
script knows no rule of routing; it looks scenarios up and forms the one dot product of
:func:`resilinet.expectation.expected`, so that a reader's own probabilities of failure are answered exactly.
"""

from companion.explorer.content import SHOWN, payload
from companion.explorer.moments import moments
from companion.explorer.page import explorer, replay

__all__ = ["SHOWN", "explorer", "moments", "payload", "replay"]
