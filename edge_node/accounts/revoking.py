"""The unit administrator cuts an officer off: somebody left the office, or a PIN fell into wrong hands.

Signed here and effective here at once, offline too; the province and the unit's other PCs learn of it with the next sync.
What was signed before stays good; what that key signs afterwards waits for a review, or is refused.
"""

from sqlite_utils import Database

from edge_node import reasons
from edge_node.accounts.cuts import keys_in_use, revocation
from edge_node.accounts.service import find_officer
from edge_node.journal import WriteRefused, write
from edge_node.keyring import Actor
from edge_node.services import Services
from signing.cuts import Cause
from signing.roles import Role


def revoke_officer(
    db: Database, services: Services, administrator: Actor, *, officer: str, cause: Cause, ground: str
) -> None:
    """Cut off every key of an officer that is stated and not cut off yet. Raises WriteRefused."""
    if Role.UNIT_ADMINISTRATOR not in administrator.roles:
        raise WriteRefused(reasons.ROLE, "revoking officers")
    if find_officer(db, services, officer) is None or officer == administrator.officer:
        raise WriteRefused(reasons.OFFICER_UNKNOWN)
    keys = keys_in_use(db, services, officer)
    if not keys:
        raise WriteRefused(reasons.KEY_REVOKED, "nothing is left to revoke")
    drafts = [revocation(db, services, key, device, cause=cause, ground=ground) for key, device in keys]
    write(db, services, administrator, drafts)
    services.keyring.lock_officer(officer)
