"""Bind a secret to this machine: data protection at machine scope on Windows, file permissions elsewhere.

The one place that knows the difference. Machine scope, because the node runs as a service and officers share the PC; the
officer's PIN is what keeps them apart. A copied disk image opens nothing on Windows, and on Linux only what the image's
own permissions did not keep (disk encryption is required: docs/operations.md).
"""

import ctypes
import sys
from typing import Final

_MACHINE_SCOPE: Final = 0x4
_NO_PROMPT: Final = 0x1


class SecretUnreadable(Exception):
    """The secret was bound to another machine, or is damaged."""


def bind(secret: bytes) -> bytes:
    """What may stand on this machine's disk instead of `secret`."""
    if sys.platform == "win32":
        return _data_protection(secret, protect=True)
    return secret


def unbind(bound: bytes) -> bytes:
    """The secret again; raises SecretUnreadable on another machine."""
    if sys.platform == "win32":
        return _data_protection(bound, protect=False)
    return bound


if sys.platform == "win32":

    class _Blob(ctypes.Structure):
        _fields_ = [("size", ctypes.c_uint32), ("content", ctypes.POINTER(ctypes.c_char))]

    def _data_protection(given: bytes, *, protect: bool) -> bytes:
        crypt32, kernel32 = ctypes.windll.crypt32, ctypes.windll.kernel32
        buffer = ctypes.create_string_buffer(given, len(given))
        source, result = _Blob(len(given), buffer), _Blob()
        flags = _NO_PROMPT | (_MACHINE_SCOPE if protect else 0)
        call = crypt32.CryptProtectData if protect else crypt32.CryptUnprotectData
        if not call(ctypes.byref(source), None, None, None, None, flags, ctypes.byref(result)):
            raise SecretUnreadable(f"data protection failed ({ctypes.get_last_error()})")
        try:
            return ctypes.string_at(result.content, result.size)
        finally:
            kernel32.LocalFree(result.content)
