"""Signed notes and verifier keys: the example of the specification, round trips, and everything that must be refused."""

from __future__ import annotations

import pytest

from signing.errors import LogInvalid, SignatureInvalid
from signing.keys import SigningKey
from signing.signatures import pae, verify_plain
from signing.tlog.note import (
    NOTE_BYTES_MAX,
    SIGNATURES_MAX,
    Note,
    NoteSignature,
    VerifierKey,
    decode_base64,
    decode_count,
    sign_text,
    with_signatures,
)

SIGNER = SigningKey.from_seed(b"a key of the log".ljust(32, b"."))
OTHER = SigningKey.from_seed(b"another key".ljust(32, b"."))
LOG = VerifierKey("log.motcua.example/48", SIGNER.public)
TEXT = "một dòng\n\nhai dòng\n"
NOTE = Note(TEXT, (sign_text(TEXT, LOG.name, SIGNER),))

# The public key and the note that golang.org/x/mod/sumdb/note documents, known to every implementation.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def test_the_example_that_everybody_knows_verifies() -> None:
    key = VerifierKey.parse(PETER)
    note = Note.parse(PETER_NOTE.encode())
    note.verify(key)
    assert str(key) == PETER
    assert note.encode() == PETER_NOTE.encode()
    with pytest.raises(LogInvalid):
        Note.parse(PETER_NOTE.replace("problem is", "problem was").encode()).verify(key)


def test_there_and_back() -> None:
    again = Note.parse(NOTE.encode())
    assert again == NOTE
    again.verify(LOG)
    assert VerifierKey.parse(str(LOG)) == LOG


def test_a_signature_of_nobody_known_is_ignored_and_does_not_count() -> None:
    stranger = VerifierKey("stranger.example", OTHER.public)
    both = with_signatures(NOTE, [sign_text(TEXT, stranger.name, OTHER)])
    Note.parse(both.encode()).verify(LOG)
    with pytest.raises(LogInvalid):
        NOTE.verify(stranger)


def test_a_key_signs_a_note_once() -> None:
    line = sign_text(TEXT, LOG.name, SIGNER)
    assert with_signatures(NOTE, [line, line]) == NOTE


def test_a_false_signature_under_a_known_name_is_refused() -> None:
    false = NoteSignature(LOG.name, LOG.hash, bytes(64))
    for note in (Note(TEXT, (false,)), Note(TEXT, (false, *NOTE.signatures))):
        with pytest.raises(LogInvalid):
            note.verify(LOG)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no signature\n",
        b"text\n\n",
        b"text\n\nno dash\n",
        NOTE.encode()[:-1],
        NOTE.encode() + b"\n",
        NOTE.encode().replace(b"\n", b"\r\n"),
        NOTE.encode().replace("một".encode(), b"m\xff"),
        NOTE.encode().replace("một".encode(), b"m\x01"),
        "text\n\n— two words aGVsbG8h\n".encode(),
        "text\n\n— a+b aGVsbG8h\n".encode(),
        "text\n\n— a\u00a0b aGVsbG8h\n".encode(),
        "text\n\n—  aGVsbG8h\n".encode(),
        "text\n\n— name !!!!\n".encode(),
        "text\n\n— name aGVsbA==\n".encode(),
        "text\n\n— name aGVsbG9=\n".encode(),
        b"text\n\n" + "— name aGVsbG8h\n".encode() * (SIGNATURES_MAX + 1),
        b"a" * NOTE_BYTES_MAX + NOTE.encode(),
    ],
)
def test_what_is_no_note_is_refused(data: bytes) -> None:
    with pytest.raises(LogInvalid):
        Note.parse(data)


def test_a_note_of_a_million_characters_is_read_or_refused_at_once() -> None:
    Note.parse(b"a" * (NOTE_BYTES_MAX - 100) + "\n\n— name aGVsbG8h\n".encode())
    with pytest.raises(LogInvalid):
        Note.parse(b"\n" * NOTE_BYTES_MAX)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name+00000000",
        str(LOG).replace("+", "+0", 1),
        str(LOG)[:-1],
        str(LOG).upper(),
        "a b" + str(LOG)[str(LOG).index("+") :],
        "a+b" + str(LOG)[str(LOG).index("+") :],
        "ñ" + str(LOG)[str(LOG).index("+") :],
        "x" * 5000,
        "name+00000000+",
        PETER[:-4] + "10TX",
    ],
)
def test_what_is_no_verifier_key_is_refused(text: str) -> None:
    with pytest.raises(LogInvalid):
        VerifierKey.parse(text)


def test_a_note_and_our_own_envelope_never_share_a_signature() -> None:
    envelope = pae("motcua.record", b"{}")
    with pytest.raises(ValueError, match="purpose"):
        SIGNER.sign_plain(envelope)
    signature = SIGNER.sign("motcua.record", b"{}")
    with pytest.raises(SignatureInvalid):
        verify_plain(SIGNER.public, envelope, signature)
    with pytest.raises(SignatureInvalid):
        verify_plain(SIGNER.public, b"text", b"short")


def test_a_text_without_an_end_is_our_own_mistake() -> None:
    with pytest.raises(ValueError, match="newline"):
        sign_text("text", LOG.name, SIGNER)


@pytest.mark.parametrize("text", ["", "00", "01", "-1", "+1", "1 ", "9" * 30, "٣", "17"])
def test_a_count_has_one_form(text: str) -> None:
    with pytest.raises(LogInvalid):
        decode_count(text, most=16)


@pytest.mark.parametrize("text", ["a", "aGVsbG8", "aGVs bG8h", "aGVsbG8h\n", "aGVsbG9=", "_-_-", "é"])
def test_base64_has_one_form(text: str) -> None:
    with pytest.raises(LogInvalid):
        decode_base64(text)
