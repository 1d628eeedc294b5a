"""The rendered pictures, which of them are held out, and the words that describe each."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np

SIDE = 128
HELD_OUT_SHARE = 0.05


@dataclass(frozen=True)
class Picture:
    """One rendered icon. `text` is the emoji itself and names the concept, which both styles share."""

    style: str
    name: str
    text: str
    short: str
    keywords: tuple[str, ...]

    @property
    def title(self) -> str:
        """The icon's name as words."""
        return self.name.replace("-", " ")


@dataclass(frozen=True)
class Dataset:
    """Rows and pixels `[n, 128, 128, 3]` as bytes, in one order; `held_out` are the concepts never trained on."""

    pictures: tuple[Picture, ...]
    pixels: np.ndarray
    held_out: frozenset[str]

    def trained(self) -> list[int]:
        return [i for i, picture in enumerate(self.pictures) if picture.text not in self.held_out]


def held_out_concepts(pictures: tuple[Picture, ...]) -> frozenset[str]:
    """Five per cent of the concepts, drawn with seed 0 from the sorted list."""
    concepts = sorted({picture.text for picture in pictures})
    return frozenset(random.Random(0).sample(concepts, round(HELD_OUT_SHARE * len(concepts))))


def load(folder: Path) -> Dataset:
    """Reads what render.mjs wrote."""
    rows = json.loads((folder / "pictures.json").read_text("utf-8"))
    pictures = tuple(Picture(row["style"], row["name"], row["text"], row["short"], tuple(row["keywords"])) for row in rows)
    pixels = np.fromfile(folder / "pictures.u8", np.uint8).reshape(len(pictures), SIDE, SIDE, 3)
    return Dataset(pictures, pixels, held_out_concepts(pictures))
