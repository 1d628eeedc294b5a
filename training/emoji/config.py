"""Sizes and rates. The defaults are the shipped model's; a JSON file with some of the names changes them."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path

from .unet_model import TextEncoder, UNet
from .vae_model import Autoencoder, Decoder, Encoder


@dataclass(frozen=True)
class Config:
    encoder_widths: tuple[int, int, int] = (32, 64, 128)
    encoder_depths: tuple[int, int, int] = (1, 1, 2)
    decoder_widths: tuple[int, int, int] = (32, 64, 128)
    decoder_depths: tuple[int, int, int] = (4, 4, 5)
    text_width: int = 192
    text_layers: int = 3
    unet_widths: tuple[int, int, int] = (64, 128, 192)
    unet_middle: int = 2
    tokens: int = 24
    merges: int = 1200
    vae_rate: float = 5e-4
    encoder_rate: float = 2e-4
    vae_batch: int = 16
    latent_noise: float = 0.03
    rate: float = 8e-4
    batch: int = 64
    average: float = 0.9995
    min_snr: float = 5.0
    drop_text: float = 0.1
    noto_share: float = 0.5

    def autoencoder(self) -> Autoencoder:
        return Autoencoder(Encoder(self.encoder_widths, self.encoder_depths), Decoder(self.decoder_widths, self.decoder_depths))

    def text_encoder(self, vocabulary: int) -> TextEncoder:
        return TextEncoder(vocabulary, self.text_width, self.text_layers)

    def unet(self) -> UNet:
        return UNet(self.unet_widths, self.text_width, self.unet_middle)


def read_config(file: Path | None) -> Config:
    """Throws on a name that is none of Config's."""
    if file is None:
        return Config()
    values = json.loads(file.read_text("utf-8"))
    unknown = values.keys() - {field.name for field in fields(Config)}
    if unknown:
        raise SystemExit(f"{file} has names that are no settings: {', '.join(sorted(unknown))}.")
    return Config(**{name: tuple(value) if isinstance(value, list) else value for name, value in values.items()})
