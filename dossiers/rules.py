"""What `sync_protocol.admission` asks about kinds, answered from the table of kinds.

Node and hub judge records with this one value. It holds no rule of its own: facts, bodies and roles are in `kinds`.
"""

from typing import Any, Final

from dossiers.kinds import KINDS, check_body, check_facts, roles_for
from signing.reasons import Reason
from signing.roles import Role
from sync_protocol.record import Header


class DossierRules:
    """The kinds of this version."""

    def knows(self, kind: str) -> bool:
        """Whether this version understands the kind."""
        return kind in KINDS

    def check(self, header: Header, content: dict[str, Any] | None) -> Reason | None:
        """Facts always; the body where it is here, or where the header says that there is none."""
        refusal = check_facts(header.kind, header.facts)
        if refusal is None and (content is not None or header.body is None):
            refusal = check_body(header.kind, header.facts, content)
        return refusal

    def roles(self, header: Header) -> frozenset[Role]:
        """The roles that may sign this very record."""
        return roles_for(header.kind, header.facts)


RULES: Final = DossierRules()
