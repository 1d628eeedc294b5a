"""Reference values of a tiny autoencoder (TAESD) as diffusers' AutoencoderTiny computes them, with the weights' formula of make_checkpoints.py. Writes taesd.json.

    python make_taesd.py
"""
import json
import pathlib

import diffusers
import torch

from make_checkpoints import fill, ramp, some

torch.set_num_threads(1)

WIDTH = 8


@torch.no_grad()
def main():
    vae = fill(diffusers.AutoencoderTiny(encoder_block_out_channels=(WIDTH,) * 4, decoder_block_out_channels=(WIDTH,) * 4), "taesd")
    # So that most of the picture lies within what can be shown.
    vae.decoder.layers[-1].bias += 0.9
    latents = vae.encode(ramp("picture", [1, 3, 48, 40])).latents
    picture = vae.decode(ramp("latents", [1, 4, 6, 5])).sample
    made = {"made with": {"torch": torch.__version__.split("+")[0], "diffusers": diffusers.__version__}}
    weights = {name: list(w.shape) for name, w in vae.state_dict().items()}
    values = {"weights": weights, "latents": some(latents), "picture": some(picture, 300)}
    pathlib.Path(__file__).with_name("taesd.json").write_text(json.dumps(made | values, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
