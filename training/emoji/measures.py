"""What evaluate.py measures, each on the exported folder."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .captions import names, styled, synonyms
from .data import Dataset, Picture
from .pipeline import LATENT, Pipeline

QUESTIONS = 300
BATCH = 10


def psnr(pipeline: Pipeline, data: Dataset, rows: list[int]) -> float:
    """Mean over pictures of the peak signal-to-noise ratio of decode(encode(x)), in dB."""
    values = []
    for start in range(0, len(rows), BATCH):
        real = data.pixels[rows[start : start + BATCH]]
        made = pipeline.decode(pipeline.encode(real))
        squares = ((made.astype(np.float32) - real) / 255) ** 2
        values.extend(-10 * np.log10(squares.mean((1, 2, 3))))
    return float(np.mean(values))


def denoising_loss(pipeline: Pipeline, data: Dataset, rows: list[int], timesteps: list[int]) -> list[float]:
    """Mean ‖ε − ε̂‖² by timestep with the pictures' names as prompts; the noise has seed 0."""
    generator = np.random.default_rng(0)
    sums = np.zeros(len(timesteps))
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        latents = pipeline.encode(data.pixels[batch])
        text = pipeline.text([styled(data.pictures[row].title, data.pictures[row].style) for row in batch])
        for i, timestep in enumerate(timesteps):
            noise = generator.standard_normal(latents.shape)
            alpha = pipeline.schedule.alphas_bar[timestep]
            noisy = np.sqrt(alpha) * latents + np.sqrt(1 - alpha) * noise
            predicted = pipeline.predict(noisy, np.array([timestep], np.float32), text)
            sums[i] += ((predicted - noise) ** 2).mean((1, 2, 3)).sum()
    return (sums / len(rows)).tolist()


@dataclass(frozen=True)
class Question:
    """A prompt and the rows of all pictures it describes."""

    prompt: str
    right: frozenset[int]


def questions(data: Dataset, words: Callable[[Picture], list[str]], held_out: bool) -> list[Question]:
    """300 prompts (fewer where there are fewer), drawn with seed 0 from the sorted list of the trained or held-out pictures' words."""
    answers: dict[str, set[int]] = {}
    for row, picture in enumerate(data.pictures):
        for prompt in words(picture):
            answers.setdefault(prompt, set()).add(row)
    asked = {prompt for picture in data.pictures if (picture.text in data.held_out) == held_out for prompt in words(picture)}
    prompts = sorted(asked)
    drawn = random.Random(0).sample(prompts, min(QUESTIONS, len(prompts)))
    return [Question(prompt, frozenset(answers[prompt])) for prompt in drawn]


def styled_names(style: str) -> Callable[[Picture], list[str]]:
    return lambda picture: [styled(picture.title, style)] if picture.style == style else []


def styled_synonyms(picture: Picture) -> list[str]:
    return [styled(word, picture.style) for word in synonyms(picture)]


def plain_names(picture: Picture) -> list[str]:
    return names(picture)


@dataclass(frozen=True)
class Answer:
    """At which place (0 = nearest) the first right picture came, and its root-mean-square distance to the sample, 0…255."""

    question: Question
    rank: int
    distance: float


def thumbnails(pixels: np.ndarray) -> np.ndarray:
    """Bytes `[n, 128, 128, 3]` → area means at 32×32 as rows `[n, 3072]`."""
    return pixels.reshape(len(pixels), 32, 4, 32, 4, 3).mean((2, 4), dtype=np.float32).reshape(len(pixels), -1)


def retrieve(pipeline: Pipeline, gallery: np.ndarray, asked: list[Question]) -> list[Answer]:
    """Samples each prompt once (noise of seed 0, 1, … by place in the list) and sorts the gallery by distance to the sample."""
    answers = []
    for start in range(0, len(asked), BATCH):
        batch = asked[start : start + BATCH]
        noise = np.stack([np.random.default_rng(start + i).standard_normal(LATENT) for i in range(len(batch))])
        made = thumbnails(pipeline.pictures([question.prompt for question in batch], noise))
        for question, picture in zip(batch, made):
            distances = np.sqrt(((gallery - picture) ** 2).mean(1))
            order = np.argsort(distances)
            rank = next(place for place, row in enumerate(order) if int(row) in question.right)
            answers.append(Answer(question, rank, float(distances[order[rank]])))
    return answers


def worst(answers: list[Answer], count: int) -> list[Answer]:
    return sorted(answers, key=lambda answer: (answer.rank, answer.distance), reverse=True)[:count]


def speed(pipeline: Pipeline, repeats: int = 12) -> dict[str, float]:
    """Medians in milliseconds of runs that take turns, so that another's load falls on all alike."""
    noise = np.random.default_rng(0).standard_normal((1, *LATENT))
    pair = np.concatenate([noise, noise])
    text = pipeline.text(["", "red apple"])
    jobs: dict[str, Callable[[], object]] = {
        "unet": lambda: pipeline.predict(pair, np.array([500], np.float32), text),
        "decoder": lambda: pipeline.decode(noise),
        "text": lambda: pipeline.text(["red apple"]),
        "picture": lambda: pipeline.pictures(["red apple"], noise),
    }
    taken: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(repeats):
        for name, job in jobs.items():
            started = time.perf_counter()
            job()
            taken[name].append(1000 * (time.perf_counter() - started))
    return {name: float(np.median(values[2:])) for name, values in taken.items()}
