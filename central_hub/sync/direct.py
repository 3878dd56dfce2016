"""A beacon on its own path: whoever cannot sync is still heard. One look-up and one row; no round, no judge, no store.

A PC whose key was cut off is heard as well: its words change nothing but its line in the fleet.
"""

from central_hub.services import Services
from central_hub.store.engine import writing
from central_hub.sync.fleet import note_heard_of
from central_hub.sync.service import asker_of, challenge_secret
from sync_protocol.challenge import challenge_holds, make_challenge
from sync_protocol.direct_beacon import DirectAnswer, encode_direct_answer, open_direct


def answer_beacon(services: Services, data: bytes) -> bytes:
    """Take note of a direct beacon; raises RemoteFault where it is no PC of ours or its signature does not hold."""
    signed = open_direct(data)
    _, key, _ = asker_of(services, signed.device)
    said = signed.verify(key)
    now_ms, secret = services.clock(), challenge_secret(services)
    is_fresh = challenge_holds(said.challenge, secret, signed.device, now_s=now_ms // 1000)
    if is_fresh:
        with writing(services.engine) as connection:
            note_heard_of(connection, signed.device, said.beacon, now_ms=now_ms)
    challenge = make_challenge(secret, signed.device, now_s=now_ms // 1000)
    return encode_direct_answer(DirectAnswer(is_taken=is_fresh, challenge=challenge, now_ms=now_ms))
