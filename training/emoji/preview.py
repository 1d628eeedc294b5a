"""The preview of a model: a linear map from 3×3 latent cells to 4×4 RGB pixels, fitted by least squares."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from .data import Dataset
from .pipeline import Pipeline

KERNEL = 3
UPSCALE = 4
BATCH = 32


def neighbourhoods(latents: np.ndarray) -> np.ndarray:
    """`[n, c, h, w]` → a row a cell, `[n·h·w, c·9 + 1]`: channel-major 3×3 neighbours with zero padding, and 1."""
    count, channels, height, width = latents.shape
    padded = np.pad(latents, ((0, 0), (0, 0), (1, 1), (1, 1)))
    shifts = [padded[:, :, y : y + height, x : x + width] for y in range(KERNEL) for x in range(KERNEL)]
    rows = np.stack(shifts, 2).transpose(0, 3, 4, 1, 2).reshape(-1, channels * KERNEL**2)
    return np.concatenate([rows, np.ones((count * height * width, 1))], 1)


def small_pixels(pixels: np.ndarray, cells: int) -> np.ndarray:
    """Bytes `[n, s, s, 3]` → area means 0…1, a row a cell: `[n·cells², 4·4·3]`, sub-row, sub-column, RGB."""
    side = cells * UPSCALE
    block = pixels.shape[1] // side
    small = pixels.reshape(-1, side, block, side, block, 3).mean((2, 4)) / 255
    split = small.reshape(-1, cells, UPSCALE, cells, UPSCALE, 3)
    return split.transpose(0, 1, 3, 2, 4, 5).reshape(-1, UPSCALE**2 * 3)


def fit_preview(model: Path, data: Dataset) -> float:
    """Writes preview.json, weights `[out][channel][ky][kx]`; returns the PSNR on the pictures fitted to, in dB."""
    pipeline = Pipeline(model, threads=1)
    rows = data.trained()[::3]
    latents = np.concatenate([pipeline.encode(data.pixels[rows[i : i + BATCH]]) for i in range(0, len(rows), BATCH)])
    inputs = neighbourhoods(latents.astype(np.float64))
    targets = small_pixels(data.pixels[rows], latents.shape[-1])
    solution = np.linalg.solve(inputs.T @ inputs + 1e-3 * np.eye(inputs.shape[1]), inputs.T @ targets)
    flat = [round(float(value), 4) for value in solution[:-1].T.reshape(-1)]
    bias = [round(float(value), 4) for value in solution[-1]]
    content = {"kernel": KERNEL, "upscale": UPSCALE, "weights": flat, "bias": bias}
    (model / "preview.json").write_text(json.dumps(content, separators=(",", ":")) + "\n", "utf-8")
    error = ((np.clip(inputs @ solution, 0, 1) - targets) ** 2).mean()
    return float(-10 * np.log10(error))
