"""Byte-pair encoding in the format of CLIP's tokenizer (Sennrich et al. 2016, Radford et al. 2021)."""

from __future__ import annotations

import collections
import json
import re
from collections.abc import Iterable
from pathlib import Path

BEGIN, END = "<|startoftext|>", "<|endoftext|>"
WORD_END = "</w>"
PATTERN = re.compile(r"'s|'t|'re|'ve|'m|'ll|'d|[^\W\d_]+|\d|[^\s\w]+|_", re.IGNORECASE)

Pair = tuple[str, str]


def byte_letters() -> dict[int, str]:
    """A printable letter for each byte, as in GPT-2."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [byte for byte in range(256) if byte not in printable]
    return {**{byte: chr(byte) for byte in printable}, **{byte: chr(256 + i) for i, byte in enumerate(rest)}}


def symbols_of(word: str, letters: dict[int, str]) -> tuple[str, ...]:
    symbols = [letters[byte] for byte in word.encode()]
    return (*symbols[:-1], symbols[-1] + WORD_END)


def merged(symbols: tuple[str, ...], pair: Pair) -> tuple[str, ...]:
    """Joins each occurrence of the pair, from the left."""
    joined: list[str] = []
    i = 0
    while i < len(symbols):
        if symbols[i : i + 2] == pair:
            joined.append(pair[0] + pair[1])
            i += 2
        else:
            joined.append(symbols[i])
            i += 1
    return tuple(joined)


def learn_merges(texts: Iterable[str], count: int) -> list[Pair]:
    """The most frequent pairs, one after the other; ties go to the later in the alphabet, so that a run repeats."""
    letters = byte_letters()
    words = collections.Counter(symbols_of(word, letters) for text in texts for word in PATTERN.findall(text.lower()))
    merges: list[Pair] = []
    while len(merges) < count:
        pairs: collections.Counter[Pair] = collections.Counter()
        for word, frequency in words.items():
            for pair in zip(word, word[1:]):
                pairs[pair] += frequency
        if not pairs or max(pairs.values()) < 2:
            break
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        merges.append(best)
        joined: collections.Counter[tuple[str, ...]] = collections.Counter()
        for word, frequency in words.items():
            joined[merged(word, best)] += frequency
        words = joined
    return merges


class Tokenizer:
    """Text → ids, framed by begin and end and padded with end to `length`."""

    def __init__(self, vocabulary: dict[str, int], merges: list[Pair], length: int) -> None:
        self.vocabulary = vocabulary
        self.merges = merges
        self.length = length
        self._ranks = {pair: rank for rank, pair in enumerate(merges)}
        self._letters = byte_letters()
        self._words: dict[str, list[int]] = {}

    @classmethod
    def learn(cls, texts: Iterable[str], count: int, length: int) -> Tokenizer:
        base = list(byte_letters().values())
        merges = learn_merges(texts, count)
        entries = [*base, *(letter + WORD_END for letter in base), *(a + b for a, b in merges), BEGIN, END]
        return cls({entry: i for i, entry in enumerate(entries)}, merges, length)

    @classmethod
    def read(cls, folder: Path) -> Tokenizer:
        """Reads vocab.json, merges.txt and tokenizer_config.json."""
        vocabulary = json.loads((folder / "vocab.json").read_text("utf-8"))
        lines = (folder / "merges.txt").read_text("utf-8").split("\n")
        merges = [(pair[0], pair[1]) for line in lines if line and not line.startswith("#version") for pair in [line.split(" ")]]
        return cls(vocabulary, merges, json.loads((folder / "tokenizer_config.json").read_text("utf-8"))["model_max_length"])

    def write(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "vocab.json").write_text(json.dumps(self.vocabulary, ensure_ascii=False), "utf-8")
        (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *(" ".join(pair) for pair in self.merges), ""]), "utf-8")
        names = {"bos_token": BEGIN, "eos_token": END, "unk_token": END, "pad_token": END}
        config = {"model_max_length": self.length, "tokenizer_class": "CLIPTokenizer", **names, "do_lower_case": True}
        (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=1), "utf-8")

    def _word(self, word: str) -> list[int]:
        if word not in self._words:
            symbols = symbols_of(word, self._letters)
            while len(symbols) > 1:
                best = min(zip(symbols, symbols[1:]), key=lambda pair: self._ranks.get(pair, len(self._ranks)))
                if best not in self._ranks:
                    break
                symbols = merged(symbols, best)
            self._words[word] = [self.vocabulary[symbol] for symbol in symbols]
        return self._words[word]

    def __call__(self, text: str) -> list[int]:
        ids = [i for word in PATTERN.findall(text.lower()) for i in self._word(word)][: self.length - 2]
        end = self.vocabulary[END]
        return [self.vocabulary[BEGIN], *ids, *[end] * (self.length - 1 - len(ids))]
