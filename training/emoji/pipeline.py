"""The exported folder in plain ONNX Runtime and NumPy: text → guided Euler steps → picture. Needs no PyTorch."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime as ort

from .tokenizer import Tokenizer

LATENT = (4, 16, 16)
STEPS = 20
GUIDANCE = 4.0


def open_network(file: Path, threads: int) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    return ort.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])


@dataclass(frozen=True)
class Schedule:
    """σ_t and ᾱ_t `[1000]` of the folder's scheduler_config.json."""

    sigmas: np.ndarray
    alphas_bar: np.ndarray

    @classmethod
    def read(cls, folder: Path) -> Schedule:
        config = json.loads((folder / "scheduler/scheduler_config.json").read_text("utf-8"))
        betas = np.linspace(config["beta_start"] ** 0.5, config["beta_end"] ** 0.5, config["num_train_timesteps"]) ** 2
        alphas_bar = np.cumprod(1 - betas)
        return cls(np.sqrt((1 - alphas_bar) / alphas_bar), alphas_bar)

    def karras(self, steps: int, rho: float = 7.0) -> np.ndarray:
        """Noise levels `[steps + 1]` of Karras et al. 2022, eq. 5; the last is 0."""
        largest, smallest = self.sigmas[-1] ** (1 / rho), self.sigmas[0] ** (1 / rho)
        levels = (largest + np.linspace(0, 1, steps) * (smallest - largest)) ** rho
        return np.append(levels, 0)

    def timestep(self, sigma: float) -> np.ndarray:
        """The (fractional) timestep of a noise level, linear in log σ, as `[1]`."""
        return np.array([np.interp(np.log(sigma), np.log(self.sigmas), np.arange(len(self.sigmas)))], np.float32)


class Pipeline:
    """The four networks, the tokenizer and the schedule of one folder."""

    def __init__(self, folder: Path, threads: int) -> None:
        self.text_encoder = open_network(folder / "text_encoder/model.onnx", threads)
        self.unet = open_network(folder / "unet/model.onnx", threads)
        self.vae_decoder = open_network(folder / "vae_decoder/model.onnx", threads)
        self.vae_encoder = open_network(folder / "vae_encoder/model.onnx", threads)
        self.tokenizer = Tokenizer.read(folder / "tokenizer")
        self.schedule = Schedule.read(folder)

    def text(self, prompts: list[str]) -> np.ndarray:
        """Features `[b, tokens, width]`."""
        ids = np.array([self.tokenizer(prompt) for prompt in prompts], np.int64)
        return self.text_encoder.run(["last_hidden_state"], {"input_ids": ids})[0]

    def predict(self, sample: np.ndarray, timestep: np.ndarray, text: np.ndarray) -> np.ndarray:
        """ε̂ for x_t `[b, 4, h, w]`."""
        feeds = {"sample": sample.astype(np.float32), "timestep": timestep, "encoder_hidden_states": text}
        return self.unet.run(["out_sample"], feeds)[0]

    def encode(self, pixels: np.ndarray) -> np.ndarray:
        """Bytes `[b, h, w, 3]` → mean latents `[b, 4, h/8, w/8]`."""
        scaled = pixels.transpose(0, 3, 1, 2).astype(np.float32) / 127.5 - 1
        return self.vae_encoder.run(None, {"sample": scaled})[0][:, : LATENT[0]]

    def decode(self, latents: np.ndarray) -> np.ndarray:
        """Latents → bytes `[b, h, w, 3]`."""
        pixels = self.vae_decoder.run(None, {"latent_sample": latents.astype(np.float32)})[0]
        return np.clip((pixels.transpose(0, 2, 3, 1) + 1) * 127.5 + 0.5, 0, 255).astype(np.uint8)

    def denoise(self, prompts: list[str], noise: np.ndarray, guidance: float = GUIDANCE, steps: int = STEPS) -> np.ndarray:
        """Guided Euler steps on Karras' noise levels from `noise` `[b, 4, h, w]`; returns latents."""
        text = np.concatenate([self.text([""] * len(prompts)), self.text(prompts)])
        sigmas = self.schedule.karras(steps)
        x = noise * np.sqrt(1 + sigmas[0] ** 2)
        for sigma, following in zip(sigmas, sigmas[1:]):
            scaled = x / np.sqrt(1 + sigma**2)
            plain, worded = np.split(self.predict(np.concatenate([scaled, scaled]), self.schedule.timestep(sigma), text), 2)
            x = x + (plain + guidance * (worded - plain)) * (following - sigma)
        return x

    def pictures(self, prompts: list[str], noise: np.ndarray) -> np.ndarray:
        return self.decode(self.denoise(prompts, noise))
