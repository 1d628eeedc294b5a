"""What ComfyUI's sampling nodes make of a made-up network: guidance, areas, masks, times, parts of the steps."""
import math

import torch
from comfy_extras import nodes_custom_sampler as custom
from comfy_extras import nodes_model_advanced as advanced
from comfy_extras import nodes_perpneg as perpendicular
import comfy.samplers
import nodes
from guidance_cases import CASES
from rounded import rounded
from tiny_network import tiny_model

STRIDE = 5


def ramp(shape, seed=1):
    return torch.tensor([math.sin(seed + 1.7 * i) for i in range(math.prod(shape))], dtype=torch.float32).reshape(shape)


def drawn(shape):
    values = [min(max(0.5 + 0.8 * math.sin(0.37 * i), 0.0), 1.0) for i in range(math.prod(shape))]
    return torch.tensor(values, dtype=torch.float32).reshape(shape)


def box(shape, left, top, width, height):
    mask = torch.zeros(shape)
    mask[:, top : top + height, left : left + width] = 1.0
    return mask


def mask_of(spec):
    return box(spec["shape"], *spec["box"]) if "box" in spec else drawn(spec["shape"])


def conditioning(prompts):
    found = []
    for prompt in prompts:
        options = {}
        for key in ["strength", "start_percent", "end_percent"]:
            if key in prompt:
                options[key] = prompt[key]
        if "area" in prompt:
            options["area"] = tuple(prompt["area"])
        if "share" in prompt:
            options["area"] = ("percentage", *prompt["share"])
        if "mask" in prompt:
            options["mask"] = mask_of(prompt["mask"])
            options["mask_strength"] = prompt["mask"].get("strength", 1.0)
            options["set_area_to_bounds"] = prompt["mask"].get("bounds", False)
        if "inpaint" in prompt:
            options["concat_mask"] = mask_of(prompt["inpaint"]["mask"])
            options["concat_latent_image"] = ramp(prompt["inpaint"]["shape"], 8)
        found.append([torch.full((1, prompt.get("tokens", 3), 2), float(prompt["value"])), options])
    return found


def latent_of(spec):
    latent = {"samples": torch.zeros(spec["shape"]) if spec.get("empty") else ramp(spec["shape"])}
    if "mask" in spec:
        latent["noise_mask"] = mask_of(spec["mask"])
    if "batch_index" in spec:
        latent["batch_index"] = spec["batch_index"]
    return latent


def model_of(case):
    model = tiny_model(case.get("settings"), case.get("inpaints", False), case.get("prediction", "EPS"))
    for name, inputs in case.get("patches", []):
        node = getattr(advanced, name)
        (model,) = getattr(node(), node.FUNCTION)(model, **inputs)
    return model


def guider_of(spec, model):
    name, inputs = spec
    sides = {key: conditioning(value) if isinstance(value, list) else value for key, value in inputs.items()}
    if name == "PerpNegGuider":
        return perpendicular.PerpNegGuider.execute(model, **sides).result[0]
    return getattr(custom, name)().get_guider(model, **sides)[0]


def run(case):
    model = model_of(case)
    latent = latent_of(case["latent"])
    results = []
    for name, given in case["nodes"]:
        inputs = dict(given)
        if "sampler" in inputs:
            inputs["sampler"] = comfy.samplers.sampler_object(inputs["sampler"])
        if "sigmas" in inputs:
            inputs["sigmas"] = torch.tensor(inputs["sigmas"], dtype=torch.float32)
        if name == "SamplerCustomAdvanced":
            seed = inputs.pop("noise_seed")
            noise = custom.DisableNoise().get_noise()[0] if seed is None else custom.RandomNoise().get_noise(int(seed))[0]
            sampled = custom.SamplerCustomAdvanced().sample(noise, guider_of(inputs.pop("guider"), model), latent_image=latent, **inputs)
        else:
            for side in ["positive", "negative"]:
                inputs[side] = conditioning(inputs[side])
            for key in ["seed", "noise_seed"]:
                if key in inputs:
                    inputs[key] = int(inputs[key])
            home = nodes if hasattr(nodes, name) else custom
            sampled = getattr(home, name)().sample(model=model, latent_image=latent, **inputs)
        latent = sampled[0]
        results.append([rounded(part["samples"].flatten()[::STRIDE]) for part in sampled])
    return results


def make():
    cases = []
    for case in CASES:
        try:
            cases.append({**case, "results": run(case)})
        except Exception as problem:
            print(case["title"], repr(problem))
            raise
    return {"stride": STRIDE, "cases": cases}
