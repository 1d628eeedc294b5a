"""The forward process and the loss: Ho et al. 2020, with the min-SNR weights of Hang et al. 2023."""

from __future__ import annotations

import torch
from torch import Tensor, nn

TRAIN_STEPS = 1000


def alphas_bar() -> Tensor:
    """ᾱ_t `[1000]` of Stable Diffusion's scaled-linear schedule."""
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, TRAIN_STEPS, dtype=torch.float64) ** 2
    return torch.cumprod(1 - betas, 0).float()


def noised(latent: Tensor, noise: Tensor, alpha_bar: Tensor) -> Tensor:
    """x_t = √ᾱ·x_0 + √(1−ᾱ)·ε for `[b, c, h, w]` and ᾱ `[b]`."""
    alpha_bar = alpha_bar.view(-1, 1, 1, 1)
    return alpha_bar.sqrt() * latent + (1 - alpha_bar).sqrt() * noise


def min_snr_weights(alphas: Tensor, gamma: float) -> Tensor:
    """min(SNR, γ)/SNR: the weight of ‖ε − ε̂‖² at each timestep."""
    snr = alphas / (1 - alphas)
    return snr.clamp(max=gamma) / snr


def losses(unet: nn.Module, latent: Tensor, text: Tensor, alphas: Tensor) -> tuple[Tensor, Tensor]:
    """‖ε − ε̂‖² of each item `[b]` at a random timestep, and the timesteps."""
    timestep = torch.randint(0, TRAIN_STEPS, (len(latent),), device=latent.device)
    noise = torch.randn_like(latent)
    predicted = unet(noised(latent, noise, alphas[timestep]), timestep, text).float()
    return ((predicted - noise) ** 2).mean((1, 2, 3)), timestep
