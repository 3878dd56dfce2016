"""The golden corpus of verification, made from seeds; see `cases`."""

from tests.support.corpus import broken, forms, keys, log, slices, status
from tests.support.corpus.cases import Corpus


def made() -> Corpus:
    """The whole corpus, made anew."""
    corpus = Corpus()
    for chapter in (forms, keys, log, status, broken, slices):
        chapter.tell(corpus)
    return corpus
