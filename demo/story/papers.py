"""Looks at a printed form as a reader would: is it a PDF, and does it say what it must."""

import re
import shutil
import subprocess


def is_pdf(content: bytes) -> bool:
    return content.startswith(b"%PDF-") and b"%%EOF" in content[-1024:]


def words_of(content: bytes) -> str | None:
    """The text of a PDF by poppler, with single spaces; None where poppler is not installed."""
    program = shutil.which("pdftotext")
    if program is None:
        return None
    done = subprocess.run([program, "-", "-"], input=content, capture_output=True, timeout=30, check=True)
    return re.sub(r"\s+", " ", done.stdout.decode("utf-8"))


def how_read() -> str:
    """What stands behind a claim about a paper's words."""
    return (
        "đọc lại bằng (read by) pdftotext"
        if shutil.which("pdftotext")
        else "chỉ xem đầu tệp (no poppler here)"
    )


def shows(content: bytes, *texts: str) -> bool:
    """Whether the paper is a PDF that shows all of these (only the first half where nobody can read it)."""
    if not is_pdf(content):
        return False
    words = words_of(content)
    return words is None or all(text in words for text in texts)
