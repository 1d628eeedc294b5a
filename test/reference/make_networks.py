"""What PyTorch's networks of the tiny models give for made-up inputs: text encoders, U-Nets and VAEs of ../models."""
from pathlib import Path

import numpy as np
import torch
from rounded import rounded
from tiny import model as tiny
from tiny.architectures import ARCHITECTURES, END
from tiny.vocabulary import token_ids

MODELS = Path(__file__).parent.parent / "models"
PROMPTS = ["a red apple", "", "Ein schönes Bild: 3 cats & a dog's house!!", "a very long prompt about a house and a moon " * 12]
KEPT = 40
SIZE = {"height": 200, "width": 136, "cropTop": 8, "cropLeft": 16, "targetHeight": 72, "targetWidth": 56, "aesthetic": 4.5}


def ramp(*shape, seed=1.0):
    """sin(seed + 1.7·i), which the tests make too."""
    count = int(np.prod(shape))
    return torch.from_numpy(np.sin(seed + 1.7 * np.arange(count)).astype(np.float32)).reshape(shape)


def picked(tensor):
    """The shape, and every so many-th value."""
    flat = tensor.detach().reshape(-1)
    places = [index * len(flat) // KEPT for index in range(KEPT)]
    return {"dims": list(tensor.shape), "values": rounded(flat[places])}


def text(model):
    found = {}
    for index, (encoder, kind) in enumerate(zip(model.encoders, model.architecture.text)):
        ids = token_ids(PROMPTS, END if kind == "l" else 0)
        outputs = encoder(ids, output_hidden_states=True)
        last = encoder.final_layer_norm if hasattr(encoder, "final_layer_norm") else encoder.text_model.final_layer_norm
        found[f"encoder {index + 1}"] = {
            "last": [picked(one) for one in outputs.last_hidden_state],
            "penultimate": [picked(one) for one in outputs.hidden_states[-2]],
            "penultimate, normalised": [picked(one) for one in last(outputs.hidden_states[-2])],
            "pooled": [picked(one) for one in outputs.text_embeds] if "text_embeds" in outputs else None,
        }
    return found


def guidance_embedding(scale, width):
    """As LatentConsistencyModelPipeline makes it."""
    from diffusers import LatentConsistencyModelPipeline

    return LatentConsistencyModelPipeline.get_guidance_scale_embedding(None, torch.tensor([scale - 1.0]), embedding_dim=width)


def unet(model):
    config = model.unet.config
    sample = ramp(2, config.in_channels, 9, 7)
    tokens = ramp(2, 77, config.cross_attention_dim, seed=2.0)
    more = {}
    if model.architecture.time_ids:
        order = ["height", "width", "cropTop", "cropLeft"]
        order += ["aesthetic"] if model.architecture.time_ids == 5 else ["targetHeight", "targetWidth"]
        ids = torch.tensor([[float(SIZE[name]) for name in order]] * 2)
        more["added_cond_kwargs"] = {"text_embeds": ramp(2, 128, seed=3.0), "time_ids": ids}
    if config.time_cond_proj_dim:
        more["timestep_cond"] = guidance_embedding(8.5, config.time_cond_proj_dim).repeat(2, 1)
    return {str(t): picked(model.unet(sample, torch.tensor(float(t)), tokens, **more).sample) for t in (1, 500, 999)}


def vae(model):
    picture = (ramp(1, 64, 48, 3, seed=5.0) + 1) / 2
    return {
        "decoded": picked((model.vae.decode(ramp(1, 4, 9, 7, seed=4.0) * 5).sample.permute(0, 2, 3, 1) / 2 + 0.5).clamp(0, 1)),
        "encoded": picked(model.vae.encode(picture.permute(0, 3, 1, 2) * 2 - 1).latent_dist.mean),
    }


@torch.no_grad()
def make():
    found = {}
    for name in ARCHITECTURES:
        model = tiny.load(name, MODELS / name)
        found[name] = {"text": text(model), "unet": unet(model), "vae": vae(model)}
    return {"prompts": PROMPTS, "size": SIZE, "models": found}
