"""Latents of diffusers' pipelines over the tiny models, one for each scheduler, for graphs that the tests run through the command line."""
from pathlib import Path

import diffusers
import torch
from make_runs import conditioning
from rounded import rounded
from tiny import model as tiny

MODELS = Path(__file__).parent.parent / "models"
KEPT = 24
TABLE = dict(num_train_timesteps=1000, beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
TO_ZERO = dict(set_alpha_to_one=True, timestep_spacing="trailing")
MULTISTEP = dict(final_sigmas_type="zero")
COMMON = {"model": "sd15", "positive": "a red apple", "negative": "blue car", "width": 72, "height": 56, "seed": 5, "steps": 10, "cfg": 4.0}
RUNS = [
    ("DDIMScheduler", TO_ZERO | {"clip_sample": False}),
    ("DDPMScheduler", {"clip_sample": False, "timestep_spacing": "trailing"}),
    ("EulerDiscreteScheduler", {"timestep_spacing": "linspace"}),
    ("EulerDiscreteScheduler", {"timestep_spacing": "trailing"}),
    ("EulerAncestralDiscreteScheduler", {"timestep_spacing": "linspace"}),
    ("HeunDiscreteScheduler", {"timestep_spacing": "linspace"}),
    ("DPMSolverMultistepScheduler", MULTISTEP | {"timestep_spacing": "trailing"}),
    ("DPMSolverMultistepScheduler", MULTISTEP | {"timestep_spacing": "linspace"}),
    ("DPMSolverMultistepScheduler", MULTISTEP | {"use_karras_sigmas": True}),
    ("UniPCMultistepScheduler", MULTISTEP | {"timestep_spacing": "trailing", "solver_order": 3}),
    ("PNDMScheduler", TO_ZERO | {"skip_prk_steps": True}),
]
"""Schedulers and what differs from their defaults. The spacings are those whose first step is the last training step: then both begin with the same noise."""


def cases():
    for name, config in RUNS:
        yield COMMON | {"scheduler": name, "config": config}
    for name, config in (RUNS[0], RUNS[8]):
        yield COMMON | {"model": "sd21-v", "scheduler": name, "config": config}
    lcm = COMMON | {"model": "sd15-lcm", "scheduler": "LCMScheduler", "config": {}, "steps": 4}
    yield lcm | {"cfg": 8.5}
    yield lcm | {"cfg": 2.0}


def pipeline(model, scheduler):
    parts = dict(vae=model.vae, text_encoder=None, tokenizer=None, unet=model.unet, scheduler=scheduler)
    parts |= dict(safety_checker=None, feature_extractor=None, requires_safety_checker=False)
    kind = getattr(diffusers, model.architecture.pipeline)
    made = kind(**parts)
    made.set_progress_bar_config(disable=True)
    return made


@torch.no_grad()
def run(case, models):
    name = case["model"]
    if name not in models:
        models[name] = tiny.load(name, MODELS / name)
    model = models[name]
    scheduler = getattr(diffusers, case["scheduler"])(**TABLE, **case["config"], prediction_type=model.architecture.prediction)
    prompts = {side: conditioning(model, case[side])[0][0] for side in ("positive", "negative")}
    # Starting noise and the noise of the steps come from a generator each, both with the same seed, as in ComfyUI.
    starting = torch.randn(1, 4, case["height"] // 8, case["width"] // 8, generator=torch.Generator().manual_seed(case["seed"]))
    settings = dict(
        prompt_embeds=prompts["positive"],
        latents=starting,
        generator=torch.Generator().manual_seed(case["seed"]),
        num_inference_steps=case["steps"],
        guidance_scale=case["cfg"],
        height=case["height"],
        width=case["width"],
        output_type="latent",
    )
    if name != "sd15-lcm":
        settings["negative_prompt_embeds"] = prompts["negative"]
    latent = pipeline(model, scheduler)(**settings).images / model.vae.config.scaling_factor
    flat = latent.reshape(-1)
    places = [index * len(flat) // KEPT for index in range(KEPT)]
    return case | {"dims": list(latent.shape), "spread": rounded(flat.std()), "values": rounded(flat[places])}


def make():
    torch.set_num_threads(1)
    models = {}
    return {"runs": [run(case, models) for case in cases()]}
