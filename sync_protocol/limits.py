"""Every bound on what comes from outside; units stand last in the name.

The limits on a record are constants of the protocol: they are checked before a record is appended and are never
lowered, because signed history cannot be rewritten (design §4). The limits on a round are advertised and may change.
"""

HEADER_SIZE_BYTES_MAX = 16 * 1024
BODY_SIZE_BYTES_MAX = 128 * 1024
SALT_SIZE_BYTES = 16
PARENTS_MAX = 64
FACTS_DEPTH_MAX = 6
BODY_DEPTH_MAX = 12
"""A catalogue nests procedures, form fields, options and words; facts never need to."""
KIND_LENGTH_MAX = 40

LOG_LENGTH_MAX = 2**53 - 1 - 4_096
"""So that a position after a run is still a whole number that every database and JSON reader holds."""

SEAL_EVERY_RECORDS = 64

RUN_RECORDS_MAX = 4_096
RUN_SIZE_BYTES_MAX = 2 * 1024 * 1024
RUN_UNPACKED_BYTES_MAX = 8 * 1024 * 1024
RUN_CONTAINERS_MAX = 262_144
"""Lists and maps in a run's table: 64 for each of the most records, far above what any kind holds."""

ROUND_SIZE_BYTES_MAX = 2 * 1024 * 1024
ROUND_RUNS_MAX = 512
ROUND_LOGS_MAX = 4_096
BEACONS_MAX = 64
"""PCs of one commune that one message speaks of."""
LAN_MESSAGE_BYTES_MAX = ROUND_SIZE_BYTES_MAX + 256
"""A message between two PCs of an office: packed, signed and sealed."""
ROUND_WANTED_MAX = 64
"""Foreign records that one request may ask for."""
ROUND_SIZE_BYTES_START = 46 * 1024
"""Passes where a line lets 64 KiB through, and leaves the next request on the same connection little to lose."""
ROUND_SIZE_BYTES_MIN = 4 * 1024

FILE_SIZE_BYTES_MAX = 64 * 1024 * 1024
"""Encrypted length of one attached file; the national portal takes 60 MB."""
FILES_ROUND_MAX = 64
"""Files that one message speaks of; each costs at most 512 bytes of bitmap."""
FILE_PIECES_MAX = 256

CLOCK_AHEAD_MS_MAX = 24 * 60 * 60 * 1000
"""A remote clock further ahead than this never advances the local one (design §5)."""

CLOCK_OFFSET_MS_MAX = 50 * 366 * 24 * 60 * 60 * 1000
"""A measured clock offset beyond this is a damaged or absurd answer, not a clock; it is not kept."""

CHALLENGE_AGE_S_MAX = 24 * 60 * 60

PART_SIZE_BYTES_MAX = 1024 * 1024 * 1024
"""A part of a parcel as it is written; FAT32 holds files below 4 GiB, and older tools stop at 2 GiB."""
PART_SIZE_BYTES_USUAL = 16 * 1024 * 1024
"""As parts are written where nobody says otherwise, so that another PC can carry them: a load is a file (§11)."""
LABEL_SIZE_BYTES_MAX = 2 * 1024 * 1024
PARCEL_RECIPIENTS_MAX = 64

RELAY_LOADS_MAX = 256
"""Loads that one relay holds."""
RELAY_LOADS_ROUND_MAX = 64
"""Loads, and PCs, that one message of a relay speaks of."""
RELAY_AGE_MS_MAX = 45 * 24 * 60 * 60 * 1000
RELAY_COMING_MS_MAX = 24 * 60 * 60 * 1000
"""How long a load that another PC began to hand over, and did not finish, keeps its room: an office network is fast."""
RELAY_CONTACT_MS_MAX = 24 * 60 * 60 * 1000
"""A PC that has not spoken with the province for so long takes no loads on the office network: they would only lie there."""

CHECKPOINT_SIZE_BYTES_MAX = 64 * 1024
INCLUSIONS_MAX = 4
INCLUSION_RECORDS_MAX = 4096
