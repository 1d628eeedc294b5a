"""The same picture from the project's command line and from plain ONNX Runtime: python compare_cli.py [../models/tiny-emoji]

The loop below is all that text-to-image is: tokens, text encoder, guided U-Net, Euler steps, decoder. Prints the largest
difference of a pixel, 0…255.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnxruntime as ort
import torch

from emoji.command_line import ROOT, run_template
from emoji.tokenizer import Tokenizer

PROMPT, SEED, STEPS, GUIDANCE = "rocket", 7, 20, 4.0


def by_hand(folder: Path) -> np.ndarray:
    text, unet, vae = (ort.InferenceSession(str(folder / part / "model.onnx")) for part in ("text_encoder", "unet", "vae_decoder"))
    tokenizer = Tokenizer.read(folder / "tokenizer")
    scheduler = json.loads((folder / "scheduler/scheduler_config.json").read_text())
    ids = np.array([tokenizer(""), tokenizer(PROMPT)])
    words = text.run(["last_hidden_state"], {"input_ids": ids})[0]
    betas = np.linspace(scheduler["beta_start"] ** 0.5, scheduler["beta_end"] ** 0.5, 1000) ** 2
    alphas_bar = np.cumprod(1 - betas)
    trained = np.sqrt((1 - alphas_bar) / alphas_bar)
    first, last = trained[-1] ** (1 / 7), trained[0] ** (1 / 7)
    sigmas = np.append((first + np.linspace(0, 1, STEPS) * (last - first)) ** 7, 0)
    noise = torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(SEED)).numpy()
    x = noise * np.sqrt(1 + sigmas[0] ** 2)
    for sigma, following in zip(sigmas, sigmas[1:]):
        timestep = np.interp(np.log(sigma), np.log(trained), np.arange(1000))
        pair = np.repeat(x / np.sqrt(1 + sigma**2), 2, 0).astype(np.float32)
        feeds = {"sample": pair, "timestep": np.array([timestep], np.float32), "encoder_hidden_states": words}
        plain, worded = unet.run(["out_sample"], feeds)[0]
        x = x + (plain + GUIDANCE * (worded - plain)) * (following - sigma)
    pixels = vae.run(None, {"latent_sample": x.astype(np.float32)})[0][0]
    return np.clip((pixels.transpose(1, 2, 0) + 1) * 127.5, 0, 255).astype(np.uint8)


def by_command_line(folder: Path) -> np.ndarray:
    """The template with Euler steps; its nodes are named by their numbers."""
    values = {"2.text": PROMPT, "6.noise_seed": SEED, "4.steps": STEPS, "5.cfg": GUIDANCE, "7.sampler_name": "euler"}
    with tempfile.TemporaryDirectory() as out:
        return run_template(values, folder, Path(out))


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "models/tiny-emoji").resolve()
    difference = np.abs(by_hand(folder).astype(int) - by_command_line(folder).astype(int))
    print(f"largest difference of a pixel: {difference.max()} of 255; pixels that differ at all: {(difference > 0).mean():.2%}")


if __name__ == "__main__":
    main()
