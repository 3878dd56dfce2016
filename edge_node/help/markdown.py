"""The small part of Markdown that the guide uses, as HTML whose every text is escaped.

Headings, paragraphs, lists (one level inside another), tables, pictures that stand alone, quotes, code blocks; inside a
line bold, italics, code and links. Nothing else is recognised, and raw HTML is shown as text. It is no library: the
guide is ours, and a test renders it whole.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup, escape

from dossiers.text import fold_text

_HEADING: Final = re.compile(r"(#{1,4}) +(.+)")
_ITEM: Final = re.compile(r"( *)(?:[-*]|(\d+)\.) +(.+)")
_PICTURE: Final = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)\)")
_RULE: Final = re.compile(r"\|(?: *:?-+:? *\|)+")
_INLINE: Final = re.compile(
    r"`(?P<code>[^`]+)`|\*\*(?P<bold>.+?)\*\*|\*(?P<soft>[^*]+)\*|\[(?P<text>[^\]]+)\]\((?P<link>[^)\s]+)\)"
)
_SAFE_LINK: Final = re.compile(r"https?://|[#/]|[\w.-]+(?:/|\.md|#|$)")

Picture = Callable[[str, str], Markup]
"""Given the address and the description of a picture, its HTML."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    level: int
    text: str
    anchor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A rendered document. `title` is its first heading, which is not in `body`."""

    title: str
    headings: tuple[Heading, ...]
    body: Markup


def render(text: str, picture: Picture) -> Page:
    """The document as HTML."""
    writer = _Writer(text.splitlines(), picture)
    writer.run()
    return Page(title=writer.title, headings=tuple(writer.headings), body=Markup("\n").join(writer.parts))


def inline(text: str) -> Markup:
    """One line's bold, italics, code and links."""
    parts, position = [], 0
    for found in _INLINE.finditer(text):
        parts += [escape(text[position : found.start()]), _span(found)]
        position = found.end()
    return Markup("").join([*parts, escape(text[position:])])


def anchor_of(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", fold_text(text)).strip("-")


def _span(found: re.Match[str]) -> Markup:
    if found["code"] is not None:
        return Markup("<code>{}</code>").format(found["code"])
    if found["bold"] is not None:
        return Markup("<strong>{}</strong>").format(inline(found["bold"]))
    if found["soft"] is not None:
        return Markup("<em>{}</em>").format(inline(found["soft"]))
    if not _SAFE_LINK.match(found["link"]):
        return escape(found["text"])
    return Markup('<a href="{}">{}</a>').format(found["link"], inline(found["text"]))


class _Writer:
    """Walks the lines once; each block takes the lines that belong to it."""

    def __init__(self, lines: list[str], picture: Picture) -> None:
        self._lines, self._picture, self._at = lines, picture, 0
        self.title = ""
        self.headings: list[Heading] = []
        self.parts: list[Markup] = []

    def run(self) -> None:
        while self._at < len(self._lines):
            self.parts += self._block(self._lines[self._at])

    def _block(self, line: str) -> list[Markup]:
        if not line.strip():
            self._at += 1
            return []
        if found := _HEADING.fullmatch(line):
            self._at += 1
            return self._heading(len(found[1]), found[2])
        if found := _PICTURE.fullmatch(line.strip()):
            self._at += 1
            return [self._picture(found[2], found[1])]
        if line.startswith("```"):
            return [self._code()]
        if line.startswith(">"):
            quoted = " ".join(each.lstrip("> ") for each in self._while(lambda each: each.startswith(">")))
            return [Markup("<blockquote><p>{}</p></blockquote>").format(inline(quoted))]
        if line.startswith("|"):
            return [self._table()]
        if _ITEM.match(line):
            return [self._list(0)]
        return [Markup("<p>{}</p>").format(inline(" ".join(self._while(_is_plain)).strip()))]

    def _heading(self, level: int, text: str) -> list[Markup]:
        if level == 1 and not self.title:
            self.title = text
            return []
        heading = Heading(level=level, text=text, anchor=anchor_of(text))
        self.headings.append(heading)
        return [Markup('<h{0} id="{1}">{2}</h{0}>').format(level, heading.anchor, inline(text))]

    def _while(self, belongs: Callable[[str], bool]) -> list[str]:
        first = self._at
        while self._at < len(self._lines) and belongs(self._lines[self._at]):
            self._at += 1
        return self._lines[first : self._at]

    def _code(self) -> Markup:
        self._at += 1
        lines = self._while(lambda each: not each.startswith("```"))
        self._at += 1
        return Markup("<pre><code>{}</code></pre>").format("\n".join(lines))

    def _table(self) -> Markup:
        rows = [
            [cell.strip() for cell in line.strip().strip("|").split("|")]
            for line in self._while(lambda each: each.startswith("|"))
            if not _RULE.fullmatch(line.strip())
        ]
        head = Markup("").join(Markup('<th scope="col">{}</th>').format(inline(cell)) for cell in rows[0])
        body = Markup("").join(
            Markup("<tr>{}</tr>").format(
                Markup("").join(
                    Markup('<td data-label="{}">{}</td>').format(name, inline(cell))
                    for name, cell in zip(rows[0], row, strict=False)
                )
            )
            for row in rows[1:]
        )
        return Markup(
            '<div class="mc-table-frame"><table class="mc-table">'
            "<thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>"
        ).format(head, body)

    def _list(self, depth: int) -> Markup:
        first = _ITEM.match(self._lines[self._at])
        tag = "ol" if first and first[2] else "ul"
        items: list[Markup] = []
        while self._at < len(self._lines):
            found = _ITEM.match(self._lines[self._at])
            if found is None or len(found[1]) < depth:
                break
            if len(found[1]) > depth:
                items[-1] += self._list(len(found[1]))
                continue
            self._at += 1
            more = self._while(lambda each: each.startswith("  ") and not _ITEM.match(each))
            items.append(inline(" ".join([found[3], *(each.strip() for each in more)])))
        written = Markup("").join(Markup("<li>{}</li>").format(item) for item in items)
        return Markup("<{0}>{1}</{0}>").format(tag, written)


def _is_plain(line: str) -> bool:
    starts = ("#", "|", ">", "```", "![")
    return bool(line.strip()) and not line.startswith(starts) and not _ITEM.match(line)
