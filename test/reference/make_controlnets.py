"""Reference values of ControlNets: two for the tiny Stable Diffusion 1 of make_checkpoints.py and one for its XL.

Their weights come from the same formula, so that only names, shapes and results are kept. Writes controlnets.json. The names of
single files are proven by diffusers' own conversion back.

    python make_controlnets.py
"""
import json
import pathlib

import diffusers
import torch
from diffusers.loaders import single_file_utils as single

from make_checkpoints import build, fill, listed, ramp, some, unet_name
from rounded import rounded
from tiny.vocabulary import clip_tokenizer

torch.set_num_threads(1)


def control_name(name, unet):
    """Its name in a file of the original code, without `control_model.`."""
    head, *rest = name.split(".")
    if head == "controlnet_cond_embedding":
        number = {"conv_in": 0, "conv_out": 14}.get(rest[0])
        number = 2 + 2 * int(rest[1]) if number is None else number
        return f"input_hint_block.{number}.{rest[-1]}"
    if head == "controlnet_down_blocks":
        return f"zero_convs.{rest[0]}.0.{rest[1]}"
    if head == "controlnet_mid_block":
        return f"middle_block_out.0.{rest[0]}"
    return unet_name(name, unet.config.layers_per_block)


def controlnet(unet, part):
    made = diffusers.ControlNetModel.from_unet(unet, conditioning_embedding_out_channels=(16, 16, 32, 32))
    return fill(made, part)


def prove(made, names):
    back = single.convert_controlnet_checkpoint({f"control_model.{names[name]}": w for name, w in made.state_dict().items()}, dict(made.config))
    for name, w in made.state_dict().items():
        if name.startswith("add_embedding"):  # which that conversion leaves out, as the original code had no XL
            continue
        assert name in back and torch.equal(back[name].reshape(w.shape), w), name


@torch.no_grad()
def reference(kind, parts):
    ids, unet, vae, encoders = build(kind)
    made = [controlnet(unet, f"control-{kind}-{letter}") for letter in ("ab" if kind == "sd15" else "a")]
    for one, letter in zip(made, "ab"):
        names = {name: control_name(name, unet) for name in one.state_dict()}
        prove(one, names)
        parts[f"control-{kind}-{letter}"] = listed(one.state_dict(), names)
    sample, hint = ramp("sample", [2, 4, 9, 7]), ramp("hint", [2, 3, 72, 56])
    context = ramp("context", [2, 77, unet.config.cross_attention_dim])
    added = dict(added_cond_kwargs=dict(text_embeds=ramp("pooled", [2, 64]), time_ids=ramp("sizes", [2, 6]) * 100 + 300)) if kind == "sdxl" else {}
    told = dict(encoder_hidden_states=context, **added)
    found = made[0](sample, torch.tensor(421.0), controlnet_cond=hint, conditioning_scale=0.7, **told)
    steered = unet(sample, torch.tensor(421.0), down_block_additional_residuals=found.down_block_res_samples,
                   mid_block_additional_residual=found.mid_block_res_sample, **told).sample
    return {"down": [some(one, 100) for one in found.down_block_res_samples], "middle": some(found.mid_block_res_sample, 100),
            "unet": some(steered, 300)} | ({"picture": picture(unet, vae, encoders, made)} if kind == "sd15" else {})


def picture(unet, vae, encoders, made):
    """Four steps of Euler by diffusers' own pipeline with two ControlNets."""
    scheduler = diffusers.EulerDiscreteScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", timestep_spacing="linspace")
    tokenizer = clip_tokenizer(pad=49407)
    tokenizer.model_max_length = 77
    pipe = diffusers.StableDiffusionControlNetPipeline(vae=vae, text_encoder=encoders[0], tokenizer=tokenizer, unet=unet, scheduler=scheduler,
                                                       controlnet=made, safety_checker=None, feature_extractor=None, requires_safety_checker=False)
    pipe.set_progress_bar_config(disable=True)
    hints = [ramp(f"hint-{letter}", [1, 3, 64, 64]).abs() / 1.7 for letter in "ab"]
    result = pipe("a photo of a cat", negative_prompt="", image=hints, height=64, width=64, latents=ramp("noise", [1, 4, 8, 8]), num_inference_steps=4,
                  guidance_scale=4.0, controlnet_conditioning_scale=[0.8, 0.5], output_type="pt").images
    return {"sigmas": rounded(scheduler.sigmas.tolist(), 9), "pixels": some(result.permute(0, 2, 3, 1), 300)}


def main():
    parts = {}
    made = {"made with": {"torch": torch.__version__.split("+")[0], "diffusers": diffusers.__version__}}
    kinds = {kind: reference(kind, parts) for kind in ("sd15", "sdxl")}
    pathlib.Path(__file__).with_name("controlnets.json").write_text(json.dumps(made | {"parts": parts, "kinds": kinds}, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
