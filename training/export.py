"""Writes the trained weights as a model folder: python export.py FOLDER ../models/tiny-emoji [--config FILE]"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from emoji.config import read_config
from emoji.data import load
from emoji.export import Parts, write_folder
from emoji.preview import fit_preview
from emoji.tokenizer import Tokenizer
from emoji.weights import read_weights


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where render.mjs wrote, with vae.pt, ldm.pt and tokenizer/")
    parser.add_argument("model", type=Path, help="the folder to write")
    parser.add_argument("--config", type=Path, help="the one that was trained with")
    parser.add_argument("--vae", type=Path, help="the autoencoder from this checkpoint or model folder instead of vae.pt")
    parser.add_argument("--ldm", type=Path, help="text encoder, U-Net and tokenizer of this model folder instead of ldm.pt")
    parser.add_argument("--text", type=Path, help="the text encoder of this checkpoint (train_text.py) instead of that beside the U-Net")
    arguments = parser.parse_args()
    torch.manual_seed(0)
    config = read_config(arguments.config)
    ldm = arguments.ldm or arguments.folder / "ldm.pt"
    tokenizer = Tokenizer.read((arguments.ldm or arguments.folder) / "tokenizer")
    parts = Parts(config.autoencoder(), config.text_encoder(len(tokenizer.vocabulary)), config.unet(), tokenizer)
    parts.autoencoder.load_state_dict(read_weights(arguments.vae or arguments.folder / "vae.pt", "autoencoder"))
    parts.text_encoder.load_state_dict(read_weights(arguments.text or ldm, "text_encoder"))
    parts.unet.load_state_dict(read_weights(ldm, "unet"))
    write_folder(arguments.model, parts)
    quality = fit_preview(arguments.model, load(arguments.folder))
    size = sum(file.stat().st_size for file in arguments.model.rglob("*") if file.is_file())
    print(f"{arguments.model}: {size / 1e6:.1f} MB; previews {quality:.1f} dB")


if __name__ == "__main__":
    main()
