"""A tiny model: its networks, with the weights that are made and those that are stored."""
import json
from dataclasses import dataclass

import numpy as np
import torch

from . import architectures
from .ldm_names import ldm_name
from .seeded import Seeds


@dataclass
class Model:
    name: str
    architecture: architectures.Architecture
    encoders: list
    unet: torch.nn.Module
    vae: torch.nn.Module
    places: dict

    def parts(self):
        """Networks by the names of their folders."""
        texts = ["text_encoder", "text_encoder_2"] if len(self.encoders) == 2 else ["text_encoder"]
        if self.name == "sdxl-refiner":
            texts = ["text_encoder_2"]
        return dict(zip(texts, self.encoders)) | {"unet": self.unet, "vae": self.vae}

    def shown_encoders(self):
        """The encoders as diffusers keeps them: Stable Diffusion 2's without the layer that is never used."""
        if self.architecture.text != ("h",):
            return self.encoders
        whole = self.encoders[0]
        short = architectures.text_encoder("h", architectures.TEXT_LAYERS - 1)
        known = short.state_dict()
        short.load_state_dict({name: value for name, value in whole.state_dict().items() if name in known})
        return [short]


def create(name):
    """A model whose large weights are made and whose others are as PyTorch starts them."""
    torch.manual_seed(7)
    architecture = architectures.ARCHITECTURES[name]
    encoders = [architectures.text_encoder(kind) for kind in architecture.text]
    model = Model(name, architecture, encoders, architectures.unet(architecture), architectures.autoencoder(architecture.scale), {})
    seeds = Seeds(architecture.start)
    for part, network in model.parts().items():
        model.places[part] = seeds.fill(network)
    return model


@torch.no_grad()
def spread_latents(model):
    """Scales the VAE's last layers so that pictures and latents are neither flat nor saturated."""
    generator = torch.Generator().manual_seed(8)
    vae = model.vae
    drawn = vae.decode(torch.randn(4, 4, 8, 8, generator=generator) * 6).sample
    vae.decoder.conv_out.weight *= 0.4 / drawn.std()
    vae.decoder.conv_out.bias.zero_()
    found = vae.encode(torch.rand(4, 3, 64, 64, generator=generator) * 2 - 1).latent_dist.mean
    vae.quant_conv.weight *= 5 / found.std()


@torch.no_grad()
def round_to_halves(model):
    """Every weight as fp16 can hold it, so that fp16 and fp32 files hold the same network."""
    for network in model.parts().values():
        for parameter in network.parameters():
            parameter.copy_(parameter.half().float())


def table(model):
    """Of each part the tensors in order: names in diffusers and in single files, shape, and the place of those that are made."""
    return {
        part: [
            {"name": name, "ldm": ldm_name(model, part, name), "shape": list(value.shape), **model.places[part].get(name, {})}
            for name, value in network.named_parameters()
        ]
        for part, network in model.parts().items()
    }


def save(model, folder):
    """Writes what cannot be made: tensors.json and the stored values as fp16, one after the other."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f'"{part}": [\n' + ",\n".join(json.dumps(one) for one in tensors) + "\n]" for part, tensors in table(model).items()]
    (folder / "tensors.json").write_text("{" + ",\n".join(lines) + "}\n")
    stored = [
        value.detach().numpy().astype(np.float16).ravel()
        for part, network in model.parts().items()
        for name, value in network.named_parameters()
        if name not in model.places[part]
    ]
    np.concatenate(stored).tofile(folder / "stored.bin")


def load(name, folder):
    """A model with the stored values of a folder."""
    model = create(name)
    values = torch.from_numpy(np.fromfile(folder / "stored.bin", dtype=np.float16).astype(np.float32))
    at = 0
    with torch.no_grad():
        for part, network in model.parts().items():
            for key, parameter in network.named_parameters():
                if key not in model.places[part]:
                    parameter.copy_(values[at : at + parameter.numel()].reshape(parameter.shape))
                    at += parameter.numel()
    return model
