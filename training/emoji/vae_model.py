"""The autoencoder between pictures and latents: Kingma & Welling 2013 (VAE), Rombach et al. 2022 (latent diffusion)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

LATENT_CHANNELS = 4
DOWNSCALE = 8


class ResidualBlock(nn.Module):
    """Two 3×3 convolutions on `[b, c, h, w]`; the second starts at zero, so that a new block changes nothing (Goyal et al. 2017)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(8, channels)
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.norm2 = nn.GroupNorm(8, channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(self.conv2.weight)
        nn.init.zeros_(self.conv2.bias)

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.conv1(F.silu(self.norm1(x)))
        return x + self.conv2(F.silu(self.norm2(hidden)))


def residual_blocks(channels: int, count: int) -> nn.Sequential:
    return nn.Sequential(*(ResidualBlock(channels) for _ in range(count)))


class Encoder(nn.Module):
    """`[b, 3, h, w]` in −1…1 → mean and log-variance `[b, 8, h/8, w/8]`."""

    def __init__(self, widths: tuple[int, int, int], depths: tuple[int, int, int]) -> None:
        super().__init__()
        fine, middle, coarse = widths
        self.unshuffle = nn.PixelUnshuffle(2)
        self.conv_in = nn.Conv2d(12, fine, 3, padding=1)
        self.fine = residual_blocks(fine, depths[0])
        self.down1 = nn.Conv2d(fine, middle, 3, 2, 1)
        self.middle = residual_blocks(middle, depths[1])
        self.down2 = nn.Conv2d(middle, coarse, 3, 2, 1)
        self.coarse = residual_blocks(coarse, depths[2])
        self.norm_out = nn.GroupNorm(8, coarse)
        self.conv_out = nn.Conv2d(coarse, 2 * LATENT_CHANNELS, 3, padding=1)

    def forward(self, pixels: Tensor) -> Tensor:
        x = self.fine(self.conv_in(self.unshuffle(pixels)))
        x = self.middle(self.down1(x))
        x = self.coarse(self.down2(x))
        return self.conv_out(F.silu(self.norm_out(x)))


class Decoder(nn.Module):
    """Latents `[b, 4, h, w]` → pixels `[b, 3, 8h, 8w]` in about −1…1; upsamples by sub-pixel convolution (Shi et al. 2016)."""

    def __init__(self, widths: tuple[int, int, int], depths: tuple[int, int, int]) -> None:
        super().__init__()
        fine, middle, coarse = widths
        self.conv_in = nn.Conv2d(LATENT_CHANNELS, coarse, 3, padding=1)
        self.coarse = residual_blocks(coarse, depths[2])
        self.up2 = nn.Conv2d(coarse, 4 * middle, 1)
        self.middle = residual_blocks(middle, depths[1])
        self.up1 = nn.Conv2d(middle, 4 * fine, 1)
        self.fine = residual_blocks(fine, depths[0])
        self.norm_out = nn.GroupNorm(8, fine)
        self.conv_out = nn.Conv2d(fine, 12, 3, padding=1)

    def forward(self, latent: Tensor) -> Tensor:
        x = self.coarse(self.conv_in(latent))
        x = self.middle(F.pixel_shuffle(self.up2(x), 2))
        x = self.fine(F.pixel_shuffle(self.up1(x), 2))
        return F.pixel_shuffle(self.conv_out(F.silu(self.norm_out(x))), 2)


class Autoencoder(nn.Module):
    """Encoder and decoder with the shift and scale that give latents zero mean and unit variance."""

    def __init__(self, encoder: Encoder, decoder: Decoder) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.register_buffer("shift", torch.zeros(LATENT_CHANNELS))
        self.register_buffer("scale", torch.ones(()))

    def posterior(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance of q(z|x), each `[b, 4, h/8, w/8]`, in the encoder's own units."""
        mean, log_variance = self.encoder(pixels).float().chunk(2, 1)
        return mean, log_variance.clamp(-12, 6)

    def normalised(self, mean: Tensor) -> Tensor:
        return (mean - self.shift.view(1, -1, 1, 1)) / self.scale

    def decode(self, latent: Tensor) -> Tensor:
        """Pixels of normalised latents."""
        return self.decoder(latent * self.scale + self.shift.view(1, -1, 1, 1))
