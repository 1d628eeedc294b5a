"""Weights to start from: a checkpoint of these scripts, or the ONNX files of an exported folder (fp16, so a little rounded)."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from .onnx_file import read_parameters


def _part(file: Path, prefix: str) -> dict[str, Tensor]:
    found = read_parameters(file)
    return {name.removeprefix(prefix): value for name, value in found.items() if name.startswith(prefix)}


def _autoencoder(folder: Path) -> dict[str, Tensor]:
    encoder = read_parameters(folder / "vae_encoder/model.onnx")
    decoder = read_parameters(folder / "vae_decoder/model.onnx")
    networks = {name: value for name, value in (encoder | decoder).items() if name.startswith(("encoder.", "decoder."))}
    return networks | {"shift": decoder["shift"].reshape(-1), "scale": decoder["scale"].reshape(())}


def read_weights(source: Path, part: str) -> dict[str, Tensor]:
    """The averaged weights of `autoencoder`, `text_encoder` or `unet`."""
    if source.is_file():
        return torch.load(source, map_location="cpu")[part]
    if part == "autoencoder":
        return _autoencoder(source)
    if part == "text_encoder":
        return _part(source / "text_encoder/model.onnx", "encoder.")
    return _part(source / "unet/model.onnx", "unet.")
