"""A sheet of pictures made by the project's own command line: python contact_sheet.py sheet.png [--prompts FILE] [--model FOLDER]

Each prompt is drawn once, with seed 1 and the settings of the text-to-image template.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from emoji.command_line import ROOT, run_template

PROMPTS = """red apple|green apple|apple|fruit|grinning face|smiling face with sunglasses|cat face|dog face
pizza|rocket|red heart|blue heart|house with garden|evergreen tree|soccer ball|guitar
alarm clock|books|fire|rainbow|airplane|bicycle|crown|key|robot|ghost|octopus|butterfly|hot beverage|coffee|umbrella|snowman
money bag|trophy|sunflower|tangerine|banana|cactus|penguin|turtle|whale|camera|balloon|wrapped gift|bell|light bulb"""
LABEL = 14
COLUMNS = 8


def captioned(picture: np.ndarray, prompt: str) -> np.ndarray:
    tile = Image.new("RGB", (picture.shape[1], picture.shape[0] + LABEL), "white")
    tile.paste(Image.fromarray(picture))
    ImageDraw.Draw(tile).text((2, picture.shape[0] + 1), prompt[:22], fill="black")
    return np.asarray(tile)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sheet", type=Path)
    parser.add_argument("--prompts", type=Path, help="one a line; 48 of our own where there is no file")
    parser.add_argument("--model", type=Path, default=ROOT / "models/tiny-emoji")
    arguments = parser.parse_args()
    text = arguments.prompts.read_text("utf-8") if arguments.prompts else PROMPTS.replace("|", "\n")
    tiles = []
    for prompt in filter(None, text.split("\n")):
        with tempfile.TemporaryDirectory() as out:
            tiles.append(captioned(run_template({"2.text": prompt, "6.noise_seed": 1}, arguments.model.resolve(), Path(out)), prompt))
    tiles += [np.full_like(tiles[0], 255)] * (-len(tiles) % COLUMNS)
    rows = [np.concatenate(tiles[i : i + COLUMNS], 1) for i in range(0, len(tiles), COLUMNS)]
    Image.fromarray(np.concatenate(rows)).save(arguments.sheet)


if __name__ == "__main__":
    main()
