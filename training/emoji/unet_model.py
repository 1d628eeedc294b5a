"""The text encoder (Radford et al. 2021, CLIP) and the U-Net with cross-attention (Rombach et al. 2022)."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

MAX_TOKENS = 77


class Attention(nn.Module):
    """Scaled dot-product attention (Vaswani et al. 2017): `[b, n, width]` attends to itself or to `[b, m, context]`."""

    def __init__(self, width: int, context: int | None = None, heads: int = 4) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width, bias=False)
        self.key_value = nn.Linear(context or width, 2 * width, bias=False)
        self.out = nn.Linear(width, width)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def _heads(self, x: Tensor, context: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        batch, count, _ = x.shape
        query = self.query(x).view(batch, count, self.heads, -1).transpose(1, 2)
        both = self.key_value(context).view(batch, context.shape[1], 2, self.heads, -1)
        key, value = both.permute(2, 0, 3, 1, 4)
        return query, key, value

    def forward(self, x: Tensor, context: Tensor | None = None, causal: bool = False) -> Tensor:
        query, key, value = self._heads(x, x if context is None else context)
        mixed = F.scaled_dot_product_attention(query, key, value, is_causal=causal)
        return self.out(mixed.transpose(1, 2).reshape(x.shape))

    def with_map(self, x: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        """The same, and the softmax `[b, heads, n, m]` itself."""
        query, key, value = self._heads(x, context)
        scores = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])
        weights = scores.softmax(-1)
        return self.out((weights @ value).transpose(1, 2).reshape(x.shape)), weights


class TextBlock(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = Attention(width)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.norm1(x), causal=True)
        return x + self.mlp(self.norm2(x))


class TextEncoder(nn.Module):
    """Token ids `[b, n]` → features `[b, n, width]` by causal transformer layers."""

    def __init__(self, vocabulary: int, width: int, layers: int) -> None:
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, width)
        self.positions = nn.Parameter(torch.randn(MAX_TOKENS, width) * 0.02)
        nn.init.normal_(self.tokens.weight, std=0.5)
        self.blocks = nn.ModuleList(TextBlock(width) for _ in range(layers))
        self.norm = nn.LayerNorm(width)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.tokens(ids) + self.positions[: ids.shape[1]]
        for block in self.blocks:
            x = block(x)
        return self.norm(x)


class TimedResidualBlock(nn.Module):
    """Residual block whose second norm is scaled and shifted by the time embedding `[b, e]` (Dhariwal & Nichol 2021)."""

    def __init__(self, inputs: int, outputs: int, embedding: int) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(16, inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.time = nn.Linear(embedding, 2 * outputs)
        self.norm2 = nn.GroupNorm(16, outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.skip = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else nn.Identity()
        nn.init.zeros_(self.conv2.weight)
        nn.init.zeros_(self.conv2.bias)

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        hidden = self.conv1(F.silu(self.norm1(x)))
        scale, shift = self.time(embedding)[:, :, None, None].chunk(2, 1)
        hidden = self.norm2(hidden) * (1 + scale) + shift
        return self.skip(x) + self.conv2(F.silu(hidden))


class SpatialTransformer(nn.Module):
    """Self-attention, cross-attention to the tokens and an MLP over the cells of `[b, c, h, w]`."""

    def __init__(self, width: int, context: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(16, width)
        self.norm1 = nn.LayerNorm(width)
        self.self_attention = Attention(width)
        self.norm2 = nn.LayerNorm(width)
        self.cross_attention = Attention(width, context)
        self.norm3 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 3 * width), nn.GELU(), nn.Linear(3 * width, width))
        nn.init.zeros_(self.mlp[2].weight)
        nn.init.zeros_(self.mlp[2].bias)

    def forward(self, x: Tensor, context: Tensor, maps: list[Tensor] | None = None) -> Tensor:
        """Appends the cross-attention map `[b, heads, h·w, m]` to `maps` where they are asked for."""
        start = self.norm(x).flatten(2).transpose(1, 2)
        y = start + self.self_attention(self.norm1(start))
        if maps is None:
            y = y + self.cross_attention(self.norm2(y), context)
        else:
            mixed, weights = self.cross_attention.with_map(self.norm2(y), context)
            maps.append(weights)
            y = y + mixed
        y = y + self.mlp(self.norm3(y))
        return x + (y - start).transpose(1, 2).reshape(x.shape)


def timestep_features(timestep: Tensor, size: int = 128) -> Tensor:
    """Sines and cosines of `[b]` → `[b, size]` (Vaswani et al. 2017, Ho et al. 2020)."""
    half = size // 2
    rates = torch.exp(-math.log(10000) * torch.arange(half, dtype=torch.float32, device=timestep.device) / half)
    angles = timestep.float().reshape(-1, 1) * rates[None]
    return torch.cat([angles.cos(), angles.sin()], 1)


class UNet(nn.Module):
    """Noisy latents `[b, 4, h, w]`, timestep `[b]` or `[1]`, text `[b, n, context]` → predicted noise `[b, 4, h, w]`.

    Three levels: h, h/2 and h/4; attention at the two coarser ones. `middle` more pairs of blocks can be added to the coarsest.
    """

    def __init__(self, widths: tuple[int, int, int], context: int, middle: int = 2, embedding: int = 256) -> None:
        super().__init__()
        fine, mid, coarse = widths
        self.time = nn.Sequential(nn.Linear(128, embedding), nn.SiLU(), nn.Linear(embedding, embedding))
        self.text = nn.Linear(context, embedding)
        self.conv_in = nn.Conv2d(4, fine, 3, padding=1)
        self.down1a = TimedResidualBlock(fine, fine, embedding)
        self.down1b = TimedResidualBlock(fine, fine, embedding)
        self.downsample1 = nn.Conv2d(fine, mid, 3, 2, 1)
        self.down2a = TimedResidualBlock(mid, mid, embedding)
        self.down2a_attention = SpatialTransformer(mid, context)
        self.down2b = TimedResidualBlock(mid, mid, embedding)
        self.down2b_attention = SpatialTransformer(mid, context)
        self.downsample2 = nn.Conv2d(mid, coarse, 3, 2, 1)
        self.middle = nn.ModuleList(TimedResidualBlock(coarse, coarse, embedding) for _ in range(middle))
        self.middle_attention = nn.ModuleList(SpatialTransformer(coarse, context) for _ in range(middle))
        self.middle_last = TimedResidualBlock(coarse, coarse, embedding)
        self.upsample2 = nn.Conv2d(coarse, 4 * mid, 1)
        self.up2b = TimedResidualBlock(2 * mid, mid, embedding)
        self.up2b_attention = SpatialTransformer(mid, context)
        self.up2a = TimedResidualBlock(2 * mid, mid, embedding)
        self.up2a_attention = SpatialTransformer(mid, context)
        self.upsample1 = nn.Conv2d(mid, 4 * fine, 1)
        self.up1b = TimedResidualBlock(2 * fine, fine, embedding)
        self.up1a = TimedResidualBlock(2 * fine, fine, embedding)
        self.norm_out = nn.GroupNorm(16, fine)
        self.conv_out = nn.Conv2d(fine, 4, 3, padding=1)
        nn.init.zeros_(self.conv_out.weight)
        nn.init.zeros_(self.conv_out.bias)

    def forward(self, sample: Tensor, timestep: Tensor, text: Tensor, maps: list[Tensor] | None = None) -> Tensor:
        embedding = F.silu(self.time(timestep_features(timestep)) + self.text(text.mean(1)))
        skip1a = self.down1a(self.conv_in(sample), embedding)
        skip1b = self.down1b(skip1a, embedding)
        x = self.down2a(self.downsample1(skip1b), embedding)
        skip2a = self.down2a_attention(x, text, maps)
        skip2b = self.down2b_attention(self.down2b(skip2a, embedding), text, maps)
        x = self.downsample2(skip2b)
        for block, attention in zip(self.middle, self.middle_attention):
            x = attention(block(x, embedding), text, maps)
        x = self.middle_last(x, embedding)
        x = upsampled(self.upsample2(x), skip2b)
        x = self.up2b_attention(self.up2b(torch.cat([x, skip2b], 1), embedding), text, maps)
        x = self.up2a_attention(self.up2a(torch.cat([x, skip2a], 1), embedding), text, maps)
        x = upsampled(self.upsample1(x), skip1b)
        x = self.up1b(torch.cat([x, skip1b], 1), embedding)
        x = self.up1a(torch.cat([x, skip1a], 1), embedding)
        return self.conv_out(F.silu(self.norm_out(x)))

    def map_downsamples(self) -> list[int]:
        """Latent size over map size, for each cross-attention in the order of `maps`."""
        return [2, 2, *[4] * len(self.middle), 2, 2]


def upsampled(x: Tensor, skip: Tensor) -> Tensor:
    """Pixel-shuffles by 2 and cuts to the skip's size, which is odd where the latent's was."""
    return F.pixel_shuffle(x, 2)[:, :, : skip.shape[2], : skip.shape[3]]
