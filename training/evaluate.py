"""Measures an exported model folder, needs no PyTorch: python evaluate.py FOLDER ../models/tiny-emoji [--markdown report.md] [--into ../models/README.md]"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np

from emoji.data import load
from emoji.measures import (
    Answer,
    denoising_loss,
    plain_names,
    psnr,
    questions,
    retrieve,
    speed,
    styled_names,
    styled_synonyms,
    thumbnails,
    worst,
)
from emoji.pipeline import Pipeline

TIMESTEPS = [50, 200, 400, 600, 800, 950]
WORST = 16
START, STOP = "<!-- evaluation -->", "<!-- /evaluation -->"

SETS = {
    "names, flat": (styled_names("flat"), False),
    "names, noto": (styled_names("noto"), False),
    "names without a style word": (plain_names, False),
    "synonyms (CLDR keywords), both styles": (styled_synonyms, False),
    "held-out names, flat": (styled_names("flat"), True),
    "held-out names, noto": (styled_names("noto"), True),
}


def share(answers: list[Answer], places: int) -> str:
    return f"{100 * np.mean([answer.rank < places for answer in answers]):.0f} %"


def pictures_table(pipeline: Pipeline, data, limit: int | None) -> list[str]:
    """VAE PSNR and denoising losses of trained and held-out pictures by style."""
    lines = ["| pictures | VAE PSNR | " + " | ".join(f"‖ε − ε̂‖² at t = {t}" for t in TIMESTEPS) + " |"]
    lines.append("|" + "---|" * (2 + len(TIMESTEPS)))
    for held_out in (False, True):
        for style in ("flat", "noto"):
            rows = [i for i, p in enumerate(data.pictures) if p.style == style and (p.text in data.held_out) == held_out][:: 1 if held_out else 5]
            rows = rows[:limit]
            losses = denoising_loss(pipeline, data, rows, TIMESTEPS)
            cells = " | ".join(f"{loss:.3f}" for loss in losses)
            lines.append(f"| {'held-out' if held_out else 'trained'}, {style} ({len(rows)}) | {psnr(pipeline, data, rows):.1f} dB | {cells} |")
    return lines


def retrieval_table(pipeline: Pipeline, data, limit: int | None) -> tuple[list[str], list[Answer]]:
    lines = ["| prompts | number | top-1 | top-5 |", "|---|---|---|---|"]
    gallery = thumbnails(data.pixels)
    trained: list[Answer] = []
    for name, (words, held_out) in SETS.items():
        answers = retrieve(pipeline, gallery, questions(data, words, held_out)[:limit])
        lines.append(f"| {name} | {len(answers)} | {share(answers, 1)} | {share(answers, 5)} |")
        print(lines[-1], flush=True)
        if not held_out:
            trained += answers
    return lines, trained


def speed_lines(pipeline: Pipeline) -> list[str]:
    taken = speed(pipeline)
    ratio = {name: value / taken["unet"] for name, value in taken.items()}
    return [
        f"A 20-step guided picture, text and VAE included, takes as long as {ratio['picture']:.1f} U-Net runs of batch 2"
        f" (decoder {ratio['decoder']:.2f}, text encoder {ratio['text']:.2f} of one run)."
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where render.mjs wrote")
    parser.add_argument("model", type=Path)
    parser.add_argument("--markdown", type=Path, help="write the report here")
    parser.add_argument("--into", type=Path, help=f"replace what is between {START} and {STOP} of this file")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--limit", type=int, help="a quick look: so many pictures and prompts of each kind")
    arguments = parser.parse_args()
    data = load(arguments.folder)
    pipeline = Pipeline(arguments.model, arguments.threads)
    pictures = pictures_table(pipeline, data, arguments.limit)
    print("\n".join(pictures), flush=True)
    retrieval, trained = retrieval_table(pipeline, data, arguments.limit)
    hardest = worst(trained, WORST)
    listed = ", ".join(f"“{answer.question.prompt}” (place {answer.rank + 1})" for answer in hardest)
    blocks = [pictures, retrieval, speed_lines(pipeline), [f"The {WORST} worst of the trained prompts: {listed}."]]
    report = "\n\n".join("\n".join(block) for block in blocks)
    print(report)
    if arguments.markdown is not None:
        arguments.markdown.write_text(report + "\n", "utf-8")
    if arguments.into is not None:
        before, rest = arguments.into.read_text("utf-8").split(START)
        after = rest.split(STOP)[1]
        arguments.into.write_text(f"{before}{START}\n{report}\n{STOP}{after}", "utf-8")


if __name__ == "__main__":
    main()
