"""Latents of ComfyUI's KSampler and KSamplerAdvanced over the tiny models' networks, for graphs that the tests run through the command line."""
from pathlib import Path

import comfy.model_base
import comfy.model_patcher
import comfy.sample
import comfy.supported_models
import torch
from rounded import rounded
from tiny import model as tiny
from tiny.architectures import ARCHITECTURES, END
from tiny.vocabulary import token_ids

MODELS = Path(__file__).parent.parent / "models"
SAMPLERS = [
    *["euler", "euler_ancestral", "heun", "dpm_2", "dpm_2_ancestral", "lms", "dpmpp_2s_ancestral", "dpmpp_2m", "dpmpp_sde"],
    *["dpmpp_2m_sde", "dpmpp_3m_sde", "ddim", "uni_pc", "uni_pc_bh2", "ipndm", "deis"],
]
SCHEDULES = ["normal", "karras", "sgm_uniform", "beta"]
PLAIN = {
    "model": "sd15",
    "positive": "a red apple",
    "negative": "blue car",
    "width": 72,
    "height": 56,
    "batch": 2,
}
STAGE = {"seed": "0", "steps": 5, "cfg": 4.0, "sampler": "euler", "scheduler": "normal", "denoise": 1.0}
KEPT = 24


class Network(torch.nn.Module):
    """diffusers' U-Net in the place of ComfyUI's own."""

    def __init__(self, unet):
        super().__init__()
        self.unet, self.dtype = unet, torch.float32
        if unet.config.addition_embed_type:
            unet.get_aug_embed = lambda emb, encoder_hidden_states, added_cond_kwargs: unet.add_embedding(added_cond_kwargs["y"])

    def forward(self, x, timesteps, context=None, y=None, control=None, transformer_options=None):
        return self.unet(x, timesteps, context, added_cond_kwargs={"y": y}).sample


def comfy_model(model):
    """A ComfyUI model of the family around the network."""
    config = {"disable_unet_model_creation": True, "in_channels": model.unet.config.in_channels, "dtype": torch.float32}
    kind = model.name.split("-")[0]
    family = {"sd15": comfy.supported_models.SD15, "sd21": comfy.supported_models.SD20, "sdxl": comfy.supported_models.SDXL}[kind]
    if model.name == "sdxl-refiner":
        family = comfy.supported_models.SDXLRefiner
    settings = family(config)
    settings.unet_config = config
    velocity = model.architecture.prediction == "v_prediction"
    known = comfy.model_base.ModelType.V_PREDICTION if velocity else comfy.model_base.ModelType.EPS
    make = {"sdxl": comfy.model_base.SDXL, "sdxl-refiner": comfy.model_base.SDXLRefiner}.get(model.name, comfy.model_base.BaseModel)
    whole = make(settings, known)
    if model.unet.config.in_channels == 9:
        whole.set_inpaint()
    whole.diffusion_model = Network(model.unet)
    cpu = torch.device("cpu")
    return comfy.model_patcher.ModelPatcher(whole, load_device=cpu, offload_device=cpu)


def conditioning(model, prompt):
    """Token features and the pooled vector as the family's ComfyUI text encoder gives them."""
    states, pooled = [], None
    for encoder, kind in zip(model.encoders, model.architecture.text):
        found = encoder(token_ids([prompt], END if kind == "l" else 0), output_hidden_states=True)
        before = found.hidden_states[-2]
        if kind == "h":
            before = encoder.final_layer_norm(before)
        states.append(before if model.architecture.penultimate else found.last_hidden_state)
        pooled = found.text_embeds if "text_embeds" in found else pooled
    return [[torch.cat(states, -1), {"pooled_output": pooled}]]


def stage(patcher, prompts, latent, settings):
    """One KSampler, or one KSamplerAdvanced where `start` is given."""
    seed = int(settings["seed"])
    advanced = "start" in settings
    quiet = settings.get("add_noise") == "disable"
    noise = torch.zeros_like(latent) if quiet else comfy.sample.prepare_noise(latent, seed)
    more = {}
    if advanced:
        more = dict(
            start_step=settings["start"],
            last_step=settings["end"],
            force_full_denoise=settings["leftover"] == "disable",
            disable_noise=quiet,
        )
    positive, negative = prompts
    return comfy.sample.sample(
        patcher,
        noise,
        settings["steps"],
        settings["cfg"],
        settings["sampler"],
        settings["scheduler"],
        positive,
        negative,
        latent,
        denoise=settings["denoise"],
        seed=seed,
        disable_pbar=True,
        **more,
    )


def cases():
    for sampler in SAMPLERS:
        for scheduler in SCHEDULES:
            yield PLAIN | {"stages": [STAGE | {"sampler": sampler, "scheduler": scheduler}]}
    for seed in (2**32 + 5, 2**64 - 1):
        yield PLAIN | {"stages": [STAGE | {"seed": str(seed), "sampler": "dpmpp_2m"}]}
    yield PLAIN | {"positive": "", "negative": "", "stages": [STAGE]}
    yield PLAIN | {"batch": 1, "stages": [STAGE | {"cfg": 1.0}]}
    again = STAGE | {"seed": "9", "denoise": 0.4, "scheduler": "karras", "sampler": "dpmpp_2m"}
    yield PLAIN | {"stages": [STAGE, again]}
    parts = STAGE | {"steps": 7, "sampler": "heun", "start": 0, "end": 3, "leftover": "enable", "add_noise": "enable"}
    rest = parts | {"seed": "77", "start": 3, "end": 10_000, "leftover": "disable", "add_noise": "disable"}
    yield PLAIN | {"stages": [parts, rest]}
    for name in ("sd21-v", "sdxl", "sdxl-refiner", "sd15-inpaint"):
        for sampler, scheduler in (("euler", "normal"), ("dpmpp_2m", "karras"), ("euler_ancestral", "sgm_uniform")):
            yield PLAIN | {"model": name, "stages": [STAGE | {"sampler": sampler, "scheduler": scheduler, "seed": "3"}]}


@torch.no_grad()
def run(case, models):
    if case["model"] not in models:
        model = tiny.load(case["model"], MODELS / case["model"])
        models[case["model"]] = (model, comfy_model(model))
    model, patcher = models[case["model"]]
    prompts = [conditioning(model, case[side]) for side in ("positive", "negative")]
    latent = torch.zeros(case["batch"], 4, case["height"] // 8, case["width"] // 8)
    for settings in case["stages"]:
        latent = stage(patcher, prompts, latent, settings)
    flat = latent.reshape(-1)
    places = [index * len(flat) // KEPT for index in range(KEPT)]
    return case | {"dims": list(latent.shape), "spread": rounded(flat.std()), "values": rounded(flat[places])}


def make():
    torch.set_num_threads(1)
    assert set(case["model"] for case in cases()) <= set(ARCHITECTURES)
    models = {}
    return {"runs": [run(case, models) for case in cases()]}
