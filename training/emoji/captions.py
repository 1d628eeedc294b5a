"""Words for a picture: its name, CLDR's short name, CLDR's keywords, and the style."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

from .data import Picture


def plain(words: str) -> str:
    """Lower case, straight apostrophes, no colons."""
    return words.lower().replace("’", "'").replace(":", "")


def names(picture: Picture) -> list[str]:
    """The icon's name, and CLDR's short name where it is another."""
    short = plain(picture.short)
    return [picture.title] if short in ("", picture.title) else [picture.title, short]


def synonyms(picture: Picture) -> list[str]:
    """CLDR's keywords that are not the name itself."""
    return [word for word in map(plain, picture.keywords) if word not in names(picture)]


def styled(words: str, style: str) -> str:
    """The form in which a style is asked for: `red apple, flat`."""
    return f"{words}, {style}"


class Captions:
    """Draws a caption for a picture: 45 % a name, 35 % one keyword, 20 % two; rare keywords more often, for they say more.

    A keyword that is the name of another picture means that one: a "rocket" is no astronaut.
    """

    def __init__(self, pictures: Sequence[Picture], seed: int) -> None:
        self._random = random.Random(seed)
        self._names = {name for picture in pictures for name in names(picture)}
        self._frequency = Counter(word for picture in pictures for word in self._keywords(picture))

    def _keywords(self, picture: Picture) -> list[str]:
        return [word for word in synonyms(picture) if word not in self._names]

    def draw(self, picture: Picture) -> str:
        return self._with_style(self._words(picture), picture.style)

    def _words(self, picture: Picture) -> str:
        choice = self._random.random()
        known = self._keywords(picture)
        if choice < 0.45 or not known:
            return self._random.choice(names(picture))
        weights = [self._frequency[word] ** -0.5 for word in known]
        drawn = self._random.choices(known, weights, k=1 if choice < 0.8 else 2)
        return " ".join(dict.fromkeys(drawn))

    def _with_style(self, words: str, style: str) -> str:
        """Without a style word a picture is mostly a flat one, so that plain prompts give one look."""
        if self._random.random() < (0.5 if style == "flat" else 0.1):
            return words
        return styled(words, style) if self._random.random() < 0.8 else f"{style} {words}"


def typical(pictures: Sequence[Picture]) -> dict[str, Picture]:
    """The picture that a synonym means most: one whose name ends in it ("apple": red apple) or has it, then the shorter name, then the older emoji.

    A synonym that is itself the name of a picture is left out.
    """
    titles = {picture.title for picture in pictures}
    found: dict[str, Picture] = {}
    for picture in sorted(pictures, key=lambda picture: (len(picture.title.split()), picture.text)):
        for word in synonyms(picture):
            if word in titles:
                continue
            known = found.get(word)
            if known is None or closeness(picture, word) > closeness(known, word):
                found[word] = picture
    return found


def closeness(picture: Picture, word: str) -> int:
    """2 where the name ends in the word, 1 where it has the word, else 0."""
    return 2 if picture.title.endswith(f" {word}") else int(word in picture.title.split())
