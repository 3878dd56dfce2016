"""The child process that sets one paper: a job (JSON) on standard input, the PDF on standard output.

It lives for one paper because typst keeps what it has set (measured: 280 MB after ten long forms in one process, a fresh compiler
does not help). It imports nothing of this project, so it starts fast, and may be run by path as well as by
`python -m edge_node.printing.typeset`. Typst sees the templates' folder and nothing else of the disk; personal data
passes through pipes only, never through the command line or a temporary file.
"""

import json
import re
import sys
from pathlib import Path

import typst

TEMPLATES = Path(__file__).resolve().parent / "templates"


def typeset(template: str, values: str, *, tagged: bool = True, system_fonts: bool = True) -> bytes:
    """The PDF of `template` filled with `values`, a JSON object as text. Without system fonts it looks the same everywhere."""
    if not re.fullmatch("[a-z0-9_]+", template):
        raise ValueError("not the name of a template")
    compiler = typst.Compiler(
        TEMPLATES / f"{template}.typ", root=TEMPLATES, ignore_system_fonts=not system_fonts
    )
    pdf = compiler.compile(sys_inputs={"form": values}, format="pdf", pdf_tags=tagged)
    assert isinstance(pdf, bytes)  # noqa: S101 - one document, one file; anything else is a bug
    return pdf


def main() -> int:
    job = json.loads(sys.stdin.buffer.read())
    try:
        pdf = typeset(job["template"], json.dumps(job["values"], ensure_ascii=False), tagged=job["tagged"])
    except typst.TypstError as error:
        sys.stderr.buffer.write(f"{error.message}\n{error.diagnostic}".encode())
        return 1
    sys.stdout.buffer.write(pdf)
    sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
