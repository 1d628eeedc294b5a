"""Reference values of networks that are built from .safetensors files: tiny Stable Diffusion 1, 2 (v), XL and inpainting models.

Their weights come from a formula (`weights`), which the tests know too, so that only names, shapes and results are kept. Writes
checkpoints.json. The names of single files are proven by diffusers' own conversion back.

    python make_checkpoints.py
"""
import json
import pathlib

import diffusers
import numpy as np
import torch
import transformers
from diffusers.loaders import single_file_utils as single

from rounded import rounded
from tiny.vocabulary import clip_tokenizer

torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)


def uniform(name, count):
    """-1 .. 1 by the name: FNV-1a for the start, then a finaliser of MurmurHash3 for each index."""
    seed = 2166136261
    for byte in name.encode():
        seed = ((seed ^ byte) * 16777619) & 0xFFFFFFFF
    x = (seed + np.arange(count, dtype=np.uint64) * 0x9E3779B9) & 0xFFFFFFFF
    x ^= x >> 16
    x = (x * 0x85EBCA6B) & 0xFFFFFFFF
    x ^= x >> 13
    x = (x * 0xC2B2AE35) & 0xFFFFFFFF
    x ^= x >> 16
    return x.astype(np.float64) / 2**31 - 1


def values(name, shape):
    """Matrices keep the variance of what goes through them; norms are near 1, biases near 0."""
    u = uniform(name, int(np.prod(shape)))
    if len(shape) == 1:
        u = 0.1 * u + (0 if name.endswith("bias") else 1)
    else:
        u = u * np.sqrt(3 / np.prod(shape[1:]))
    return torch.from_numpy(u.astype(np.float32).reshape(shape))


def fill(module, part):
    state = {name: values(f"{part}/{name}", list(w.shape)) for name, w in module.state_dict().items() if w.is_floating_point()}
    module.load_state_dict(state, strict=False)
    return module.eval()


def ramp(name, shape):
    return torch.from_numpy(uniform(name, int(np.prod(shape))).astype(np.float32).reshape(shape)) * 1.7


def some(tensor, most=200):
    """Every n-th value, so that there are at most so many."""
    flat = tensor.detach().flatten()
    step = -(-len(flat) // most)
    return {"shape": list(tensor.shape), "step": step, "values": rounded(flat[::step].tolist())}


# --- names of single files --------------------------------------------------------------------------------------------

RESNET = {"norm1": "in_layers.0", "conv1": "in_layers.2", "time_emb_proj": "emb_layers.1", "norm2": "out_layers.0",
          "conv2": "out_layers.3", "conv_shortcut": "skip_connection"}
SINGLE = {"time_embedding.linear_1": "time_embed.0", "time_embedding.linear_2": "time_embed.2", "add_embedding.linear_1": "label_emb.0.0",
          "add_embedding.linear_2": "label_emb.0.2", "conv_in": "input_blocks.0.0", "conv_norm_out": "out.0", "conv_out": "out.2"}


def resnet(rest):
    layer, ending = rest.split(".")
    return f"{RESNET[layer]}.{ending}"


def unet_name(name, layers):
    head, *rest = name.split(".")
    if head == "mid_block":
        kind, index, inner = rest[0], int(rest[1]), ".".join(rest[2:])
        return f"middle_block.1.{inner}" if kind == "attentions" else f"middle_block.{2 * index}.{resnet(inner)}"
    if head not in ("down_blocks", "up_blocks"):
        layer, ending = name.rsplit(".", 1)
        return f"{SINGLE[layer]}.{ending}"
    level, kind, index, inner = int(rest[0]), rest[1], int(rest[2]), ".".join(rest[3:])
    down = head == "down_blocks"
    side, each = ("input_blocks", layers + 1) if down else ("output_blocks", layers + 1)
    number = level * each + index + (1 if down else 0)
    if kind == "resnets":
        return f"{side}.{number}.0.{resnet(inner)}"
    if kind == "attentions":
        return f"{side}.{number}.1.{inner}"
    ending = inner.split(".")[-1]
    if down:
        return f"{side}.{(level + 1) * each}.0.op.{ending}"
    return f"{side}.{level * each + layers}.{{up}}.conv.{ending}"


def unet_names(unet):
    layers = unet.config.layers_per_block
    names = list(unet.state_dict())
    attended = [level for level, kind in enumerate(unet.config.up_block_types) if "CrossAttn" in kind]
    return {name: unet_name(name, layers).replace("{up}", "2" if name.startswith("up") and int(name.split(".")[1]) in attended else "1")
            for name in names}


def vae_name(name, levels):
    attention = {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out"}
    for new, old in attention.items():
        name = name.replace(f"mid_block.attentions.0.{new}.", f"mid.attn_1.{old}.")
    name = name.replace("mid_block.resnets.0.", "mid.block_1.").replace("mid_block.resnets.1.", "mid.block_2.")
    name = name.replace("conv_norm_out", "norm_out").replace("conv_shortcut", "nin_shortcut")
    parts = name.split(".")
    if parts[1].endswith("_blocks"):
        level = int(parts[2]) if parts[0] == "encoder" else levels - 1 - int(parts[2])
        side = "down" if parts[0] == "encoder" else "up"
        if parts[3] == "resnets":
            return ".".join([parts[0], side, str(level), "block", *parts[4:]])
        return ".".join([parts[0], side, str(level), "downsample" if side == "down" else "upsample", *parts[5:]])
    return name


OPEN_CLIP = {"text_model.embeddings.token_embedding.weight": "token_embedding.weight",
             "text_model.embeddings.position_embedding.weight": "positional_embedding",
             "text_model.final_layer_norm.weight": "ln_final.weight", "text_model.final_layer_norm.bias": "ln_final.bias",
             "text_projection.weight": "text_projection"}
OPEN_CLIP_LAYERS = {"layer_norm1": "ln_1", "layer_norm2": "ln_2", "self_attn.out_proj": "attn.out_proj", "mlp.fc1": "mlp.c_fc", "mlp.fc2": "mlp.c_proj"}


def open_clip_name(name):
    """The name in OpenCLIP's file; `#0` to `#2` are the parts of a weight that joins three."""
    if name in OPEN_CLIP:
        return OPEN_CLIP[name]
    number, rest = name.removeprefix("text_model.encoder.layers.").split(".", 1)
    layer, ending = rest.rsplit(".", 1)
    for place, letter in enumerate("qkv"):
        if layer == f"self_attn.{letter}_proj":
            return f"transformer.resblocks.{number}.attn.in_proj_{ending}#{place}"
    return f"transformer.resblocks.{number}.{OPEN_CLIP_LAYERS[layer]}.{ending}"


# --- models -------------------------------------------------------------------------------------------------------------

def clip(width, layers, act, projection=None):
    config = transformers.CLIPTextConfig(vocab_size=49408, hidden_size=width, intermediate_size=2 * width, num_hidden_layers=layers,
                                         num_attention_heads=width // 64, max_position_embeddings=77, hidden_act=act, bos_token_id=49406,
                                         eos_token_id=49407, pad_token_id=1, projection_dim=projection or width)
    return (transformers.CLIPTextModelWithProjection if projection else transformers.CLIPTextModel)(config)


def text_state(module):
    return {name if name.startswith("text_") else f"text_model.{name}": w for name, w in module.state_dict().items() if w.is_floating_point()}


def fill_clip(module, part):
    own = module.state_dict()
    state = {}
    for name, w in own.items():
        if w.is_floating_point():
            public = name if name.startswith("text_") else f"text_model.{name}"
            state[name] = values(f"{part}/{public}", list(w.shape))
    module.load_state_dict(state, strict=False)
    return module.eval()


def build(kind):
    xl, v2 = kind == "sdxl", kind == "sd21v"
    unet = diffusers.UNet2DConditionModel(
        sample_size=8, in_channels=9 if kind == "inpaint" else 4, out_channels=4, layers_per_block=1,
        **(dict(block_out_channels=(64, 128), down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
                up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"), cross_attention_dim=128, attention_head_dim=(1, 2), use_linear_projection=True,
                transformer_layers_per_block=(1, 2), addition_embed_type="text_time", addition_time_embed_dim=256,
                projection_class_embeddings_input_dim=64 + 6 * 256) if xl else
           dict(block_out_channels=(64, 128), down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
                up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"), cross_attention_dim=64, attention_head_dim=(1, 2), use_linear_projection=True) if v2 else
           dict(block_out_channels=(32, 64, 64), down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
                up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"), cross_attention_dim=64, attention_head_dim=8)))
    vae = diffusers.AutoencoderKL(block_out_channels=(32, 32, 64, 64), down_block_types=("DownEncoderBlock2D",) * 4,
                                  up_block_types=("UpDecoderBlock2D",) * 4, latent_channels=4, layers_per_block=1, norm_num_groups=32,
                                  sample_size=64, scaling_factor=0.13025 if xl else 0.18215)
    encoders = [clip(64, 3, "gelu" if v2 else "quick_gelu")] + ([clip(64, 3, "gelu", 64)] if xl else [])
    ids = {"unet": f"unet-{kind}", "vae": "vae", "encoders": ["text-h"] if v2 else ["text-l", "text-g"][:len(encoders)]}
    return ids, fill(unet, ids["unet"]), fill(vae, ids["vae"]), [fill_clip(one, part) for one, part in zip(encoders, ids["encoders"])]


def prove(kind, unet, vae, names):
    """diffusers reads the single file's names back to its own."""
    def same(back, module, part):
        for name, w in module.state_dict().items():
            got = back.get(name)
            assert got is not None and torch.equal(got.reshape(w.shape), w), (kind, part, name)
    ldm = {f"model.diffusion_model.{names['unet'][name]}": w for name, w in unet.state_dict().items()}
    same(single.convert_ldm_unet_checkpoint(dict(ldm), dict(unet.config)), unet, "unet")
    ldm = {f"first_stage_model.{names['vae'][name]}": w for name, w in vae.state_dict().items()}
    same(single.convert_ldm_vae_checkpoint(dict(ldm), dict(vae.config)), vae, "vae")


def main():
    tokenizer = clip_tokenizer(pad=49407)
    parts, kinds = {}, {}
    made = {"made with": {"torch": torch.__version__.split("+")[0], "diffusers": diffusers.__version__, "transformers": transformers.__version__}}
    for kind in ("sd15", "sd21v", "sdxl", "inpaint"):
        kinds[kind] = reference(kind, tokenizer, parts)
        print(kind, "done", flush=True)
    pathlib.Path(__file__).with_name("checkpoints.json").write_text(json.dumps(made | {"parts": parts, "kinds": kinds}, separators=(",", ":")) + "\n")


def listed(state, names):
    """`name in a single file`, `shape`, by diffusers' name."""
    return {name: [names[name], list(w.shape)] for name, w in state.items()}


@torch.no_grad()
def reference(kind, tokenizer, parts):
    part_ids, unet, vae, encoders = build(kind)
    xl, v2 = kind == "sdxl", kind == "sd21v"
    levels = len(vae.config.block_out_channels)
    names = {"unet": unet_names(unet), "vae": {name: vae_name(name, levels) for name in vae.state_dict()}}
    prove(kind, unet, vae, names)
    parts[part_ids["unet"]] = listed(unet.state_dict(), names["unet"])
    parts["vae"] = listed(vae.state_dict(), names["vae"])
    ids = tokenizer(["a photo of a cat", ""], padding="max_length", max_length=77, return_tensors="pt").input_ids
    results = {"encoders": []}
    for part, encoder in zip(part_ids["encoders"], encoders):
        state = text_state(encoder)
        parts[part] = listed(state, {name: name if part == "text-l" else open_clip_name(name) for name in state})
        out = encoder(ids, output_hidden_states=True)
        result = {"last": some(out.last_hidden_state), "hidden": [some(h, 100) for h in out.hidden_states]}
        if part == "text-g":
            result["pooled"] = some(out.text_embeds)
        if v2:  # a single file has one layer more, and its features are taken before it
            result["penultimate"] = some(encoder.final_layer_norm(out.hidden_states[-2]))
        results["encoders"].append(result)
    sample = ramp("sample", [2, unet.config.in_channels, 9, 7])
    context = ramp("context", [2, 77, unet.config.cross_attention_dim])
    added = dict(added_cond_kwargs=dict(text_embeds=ramp("pooled", [2, 64]), time_ids=ramp("sizes", [2, 6]) * 100 + 300)) if xl else {}
    results["unet"] = some(unet(sample, torch.tensor(421.0), context, **added).sample, 300)
    latent = ramp("latent", [1, 4, 6, 5])
    results["vae_decoder"] = some(vae.decode(latent).sample, 300)
    results["vae_encoder"] = some(vae.encode(ramp("picture", [1, 3, 48, 40])).latent_dist.parameters, 300)
    configs = {"unet": {key: unet.config[key] for key in ("attention_head_dim", "norm_num_groups", "addition_time_embed_dim")},
               "vae": {key: vae.config[key] for key in ("norm_num_groups", "scaling_factor")},
               "encoders": [{"num_attention_heads": encoder.config.num_attention_heads, "hidden_act": encoder.config.hidden_act,
                             "num_hidden_layers": encoder.config.num_hidden_layers} for encoder in encoders]}
    results["picture"] = picture(kind, tokenizer, unet, vae, encoders)
    if xl:
        results["playground"] = playground(tokenizer, unet, vae, encoders)
    return {"parts": part_ids, "configs": configs, "results": results}


def playground(tokenizer, unet, vae, encoders):
    """The same networks as Playground 2.5 uses its own: EDM's levels and output, latents with a mean and a deviation for each channel."""
    scheduler = diffusers.EDMEulerScheduler(sigma_min=0.002, sigma_max=80.0, sigma_data=0.5, prediction_type="epsilon")
    pipe = diffusers.StableDiffusionXLPipeline(vae=vae, text_encoder=encoders[0], text_encoder_2=encoders[1], tokenizer=tokenizer,
                                               tokenizer_2=clip_tokenizer(pad=0), unet=unet, scheduler=scheduler, add_watermarker=False)
    pipe.set_progress_bar_config(disable=True)
    before = vae.config.scaling_factor
    vae.register_to_config(latents_mean=[-1.6574, 1.886, -1.383, 2.5155], latents_std=[8.4927, 5.9022, 6.5498, 5.2299], scaling_factor=0.5)
    result = pipe("a photo of a cat", negative_prompt="", height=64, width=64, latents=ramp("noise", [1, 4, 8, 8]), num_inference_steps=4,
                  guidance_scale=4, output_type="pt").images
    vae.register_to_config(latents_mean=None, latents_std=None, scaling_factor=before)
    return {"start": float(scheduler.init_noise_sigma), "sigmas": rounded(scheduler.sigmas.tolist(), 9), "pixels": some(result.permute(0, 2, 3, 1), 300)}


def picture(kind, tokenizer, unet, vae, encoders):
    """Four steps of Euler by diffusers' own pipeline from given latents; the inpainting model paints a rectangle of a picture whose latents are given too."""
    given = {}
    prediction = "v_prediction" if kind == "sd21v" else "epsilon"
    scheduler = diffusers.EulerDiscreteScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", prediction_type=prediction,
                                                 timestep_spacing="linspace")
    if kind == "sdxl":
        # What fills up the second encoder's windows is “!”.
        second = clip_tokenizer(pad=0)
        pipe = diffusers.StableDiffusionXLPipeline(vae=vae, text_encoder=encoders[0], text_encoder_2=encoders[1], tokenizer=tokenizer, tokenizer_2=second,
                                                   unet=unet, scheduler=scheduler, add_watermarker=False)
    elif kind == "inpaint":
        pipe = diffusers.StableDiffusionInpaintPipeline(vae=vae, text_encoder=encoders[0], tokenizer=tokenizer, unet=unet, scheduler=scheduler,
                                                        safety_checker=None, feature_extractor=None, requires_safety_checker=False)
        mask = torch.zeros(1, 1, 64, 64)
        mask[..., 16:48, 24:56] = 1
        given = dict(image=torch.zeros(1, 3, 64, 64), mask_image=mask, masked_image_latents=ramp("masked", [1, 4, 8, 8]), strength=1.0)
    else:
        own = clip_tokenizer(pad=0) if kind == "sd21v" else tokenizer
        pipe = diffusers.StableDiffusionPipeline(vae=vae, text_encoder=encoders[0], tokenizer=own, unet=unet, scheduler=scheduler, safety_checker=None,
                                                 feature_extractor=None, requires_safety_checker=False)
    pipe.set_progress_bar_config(disable=True)
    result = pipe("a photo of a cat", negative_prompt="", height=64, width=64, latents=ramp("noise", [1, 4, 8, 8]), num_inference_steps=4,
                  guidance_scale=4, output_type="pt", **given).images
    # Channels last, as pictures are kept here.
    return {"sigmas": rounded(scheduler.sigmas.tolist(), 9), "pixels": some(result.permute(0, 2, 3, 1), 300)}


if __name__ == "__main__":
    main()
