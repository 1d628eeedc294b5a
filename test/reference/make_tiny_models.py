"""Makes the tiny models of ../models: ONNX graphs, configs and the few weights that are fitted; the other weights follow from their place.

Run: python3 make_tiny_models.py [--fit] [--steps N] [--checkpoints DIR] [sd15 sd21-v sdxl sdxl-refiner sd15-inpaint sd15-lcm]

--fit fits the weights anew; without it those in ../models are used.
--checkpoints also writes the models as .safetensors files, one a model and as diffusers folders.
"""
import argparse
from pathlib import Path

import torch
from tiny import fit, folders, model
from tiny.architectures import ARCHITECTURES, END
from tiny.vocabulary import token_ids

MODELS = Path(__file__).parent.parent / "models"


def fitted(name, steps):
    made = model.create(name)
    model.spread_latents(made)
    ids = [token_ids(fit.NAMES, END if kind == "l" else 0) for kind in made.architecture.text]
    fit.fit(made, ids, steps)
    model.round_to_halves(made)
    return made


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--fit", action="store_true")
    arguments.add_argument("--steps", type=int, default=500)
    arguments.add_argument("--checkpoints", type=Path)
    arguments.add_argument("names", nargs="*", default=list(ARCHITECTURES))
    chosen = arguments.parse_args()
    torch.set_num_threads(1)
    for name in chosen.names:
        print(name, flush=True)
        made = fitted(name, chosen.steps) if chosen.fit else model.load(name, MODELS / name)
        model.save(made, MODELS / name)
        folders.write_configs(made, MODELS / name)
        folders.write_graphs(made, MODELS / name)
        if chosen.checkpoints:
            folders.write_safetensors(made, chosen.checkpoints)


if __name__ == "__main__":
    main()
