"""Reference values of LoRAs on the tiny models of make_checkpoints.py, as diffusers and peft have them. Writes loras.json.

Weights of the LoRAs come from the same formula as the models', times 0.4; only names, shapes and results are kept.

    pip install peft==0.21.2 accelerate==1.12.0
    python make_loras.py

Text encoders' weights are put in by `fill_text`; transformers 4.57.1 with diffusers 0.35.2 and peft 0.17.1 load the very same from the same keys.
"""
import json
import pathlib

import diffusers
import peft
import torch

from make_checkpoints import build, clip_tokenizer, ramp, some, uniform, unet_names

torch.set_num_threads(1)


def value(key, shape):
    return torch.from_numpy((0.4 * uniform(f"lora/{key}", int(torch.Size(shape).numel()))).astype("float32").reshape(shape))


def pair(module, base, names, rank):
    """Shapes of the two factors of one layer."""
    down, up = names
    w = module.weight.shape
    if len(w) == 4:
        return {f"{base}.{down}.weight": [rank, *w[1:]], f"{base}.{up}.weight": [w[0], rank, 1, 1]}
    return {f"{base}.{down}.weight": [rank, w[1]], f"{base}.{up}.weight": [w[0], rank]}


def layers(module, endings):
    return [(name, one) for name, one in module.named_modules() if isinstance(one, (torch.nn.Linear, torch.nn.Conv2d)) and name.endswith(endings)]


ATTENTION = ("to_q", "to_k", "to_v", "to_out.0", "proj", "net.2", "proj_in", "proj_out")
CONVOLUTIONS = ("conv1", "conv2", "conv_shortcut", "time_emb_proj", "sampler.conv", "samplers.0.conv")
TEXT = ("q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2")


def text_name(name):
    return name if name.startswith("text_model.") else f"text_model.{name}"


def kohya(unet, encoders, unet_endings, ldm=None):
    """kohya's names with alphas of half the rank; `ldm` gives latent diffusion's names, as trainers of SDXL use."""
    shapes, alphas = {}, {}
    parts = [("lora_unet_", name, one) for name, one in layers(unet, unet_endings)]
    for prefix, encoder in zip(("lora_te_",) if len(encoders) == 1 else ("lora_te1_", "lora_te2_"), encoders):
        parts += [(prefix, text_name(name), one) for name, one in layers(encoder, TEXT)]
    for prefix, name, one in parts:
        own = ldm[f"{name}.weight"].removesuffix(".weight") if ldm and prefix == "lora_unet_" else name
        base = prefix + own.replace(".", "_")
        shapes |= pair(one, base, ("lora_down", "lora_up"), 4)
        alphas[f"{base}.alpha"] = 2.0
    return shapes, alphas


def peft_names(unet, encoders):
    shapes = {}
    for name, one in layers(unet, ("to_q", "to_v", "to_out.0")):
        shapes |= pair(one, f"unet.{name}", ("lora_A", "lora_B"), 3)
    for prefix, encoder in zip(("text_encoder", "text_encoder_2"), encoders):
        for name, one in layers(encoder, ("q_proj", "out_proj")):
            shapes |= pair(one, f"{prefix}.{text_name(name)}", ("lora_A", "lora_B"), 3)
    return shapes, {}


def state(shapes, alphas):
    return {key: value(key, shape) for key, shape in shapes.items()} | {key: torch.tensor(alpha) for key, alpha in alphas.items()}


def pipeline(kind, tokenizer):
    _, unet, vae, encoders = build(kind)
    scheduler = diffusers.EulerDiscreteScheduler()
    if kind == "sdxl":
        return diffusers.StableDiffusionXLPipeline(vae=vae, text_encoder=encoders[0], text_encoder_2=encoders[1], tokenizer=tokenizer,
                                                   tokenizer_2=tokenizer, unet=unet, scheduler=scheduler, add_watermarker=False)
    return diffusers.StableDiffusionPipeline(vae=vae, text_encoder=encoders[0], tokenizer=tokenizer, unet=unet, scheduler=scheduler,
                                             safety_checker=None, feature_extractor=None, requires_safety_checker=False)


def fill_text(encoder, adapter, lora, index):
    """Values and scales of a text encoder's adapter: transformers 5 has other names than diffusers 0.42 gives them, and leaves them out."""
    (name, strength), (shapes, alphas) = adapter, lora
    for path, layer in encoder.named_modules():
        if name not in getattr(layer, "lora_A", {}):
            continue
        own = text_name(path)
        bases = [f"{('text_encoder', 'text_encoder_2')[index]}.{own}"] + [prefix + own.replace(".", "_") for prefix in (("lora_te_", "lora_te1_"), ("lora_te2_",))[index]]
        base = next(one for one in bases if any(key.startswith(f"{one}.") for key in shapes))
        for factor, endings in ((layer.lora_A, ("lora_A", "lora_down")), (layer.lora_B, ("lora_B", "lora_up"))):
            key = next(f"{base}.{ending}.weight" for ending in endings if f"{base}.{ending}.weight" in shapes)
            factor[name].weight.copy_(value(key, shapes[key]))
        rank = layer.lora_A[name].weight.shape[0]
        layer.scaling[name] = strength * alphas.get(f"{base}.alpha", rank) / rank


@torch.no_grad()
def results(kind, tokenizer, files, stack):
    pipe = pipeline(kind, tokenizer)
    for name, _ in stack:
        pipe.load_lora_weights(state(*files[name]), adapter_name=name)
    pipe.set_adapters([name for name, _ in stack], [strength for _, strength in stack])
    for index, encoder in enumerate([pipe.text_encoder] + ([pipe.text_encoder_2] if kind == "sdxl" else [])):
        for name, strength in stack:
            fill_text(encoder, (name, strength), files[name], index)
    context = pipe.unet.config.cross_attention_dim
    added = {"added_cond_kwargs": {"text_embeds": ramp("pooled", [2, 64]), "time_ids": ramp("sizes", [2, 6]) * 100 + 300}} if kind == "sdxl" else {}
    out = pipe.unet(ramp("sample", [2, pipe.unet.config.in_channels, 9, 7]), 421, ramp("context", [2, 77, context]), **added).sample
    ids = tokenizer(["a photo of a cat"], padding="max_length", max_length=77, return_tensors="pt").input_ids
    if kind == "sdxl":
        second = ids.clone()
        second[:, ids.argmax() + 1:] = 0  # the second encoder's windows are filled up with “!”
        pairs = ((pipe.text_encoder, ids), (pipe.text_encoder_2, second))
        features = torch.cat([one(own, output_hidden_states=True).hidden_states[-2] for one, own in pairs], dim=2)
    else:
        features = pipe.text_encoder(ids).last_hidden_state
    return {"kind": kind, "stack": stack, "unet": some(out), "features": some(features)}


def main():
    tokenizer = clip_tokenizer(pad=49407)
    small, large = pipeline("sd15", tokenizer), pipeline("sdxl", tokenizer)
    files = {
        "kohya": kohya(small.unet, [small.text_encoder], ATTENTION + CONVOLUTIONS),
        "peft": peft_names(small.unet, [small.text_encoder]),
        "kohya-xl": kohya(large.unet, [large.text_encoder, large.text_encoder_2], ATTENTION, unet_names(large.unet)),
        "peft-xl": peft_names(large.unet, [large.text_encoder, large.text_encoder_2]),
    }
    cases = [
        results("sd15", tokenizer, files, [("kohya", 0.8)]),
        results("sd15", tokenizer, files, [("peft", 1.0)]),
        results("sd15", tokenizer, files, [("kohya", 0.8), ("peft", -0.5)]),
        results("sdxl", tokenizer, files, [("kohya-xl", 0.7)]),
        results("sdxl", tokenizer, files, [("peft-xl", 1.0)]),
    ]
    made = {"made with": {"torch": torch.__version__.split("+")[0], "diffusers": diffusers.__version__, "peft": peft.__version__}}
    listed = {name: {"shapes": shapes, "alphas": alphas} for name, (shapes, alphas) in files.items()}
    pathlib.Path(__file__).with_name("loras.json").write_text(json.dumps(made | {"files": listed, "cases": cases}, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
