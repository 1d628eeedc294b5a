"""Names of weights in single-file checkpoints (the layout of latent-diffusion and OpenCLIP), from those of diffusers and transformers."""
import re

import torch

_RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
_UNET = {
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "time_embedding.cond_proj": "time_embed.cond_proj",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "conv_in": "input_blocks.0.0",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
    "mid_block.resnets.0": "middle_block.0",
    "mid_block.attentions.0": "middle_block.1",
    "mid_block.resnets.1": "middle_block.2",
}
_CLIP = {
    "embeddings.token_embedding.weight": "token_embedding.weight",
    "embeddings.position_embedding.weight": "positional_embedding",
    "final_layer_norm": "ln_final",
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
    "self_attn.out_proj": "attn.out_proj",
}


def _replaced(name, table):
    for old, new in table.items():
        if name == old or name.startswith(old + "."):
            return new + name[len(old) :]
    return name


def _within(name):
    return re.sub(r"^(\d+\.)?(.*)$", lambda found: (found[1] or "") + _replaced(found[2], _RESNET), name)


def unet_name(name, model):
    layers = model.unet.config.layers_per_block
    found = re.match(r"(down|up)_blocks\.(\d+)\.(resnets|attentions|downsamplers|upsamplers)\.(\d+)\.(.*)", name)
    if found is None:
        renamed = _replaced(name, _UNET)
        return re.sub(r"^(middle_block\.[02]\.)(.*)$", lambda part: part[1] + _within(part[2]), renamed)
    side, block, kind, index, rest = found[1], int(found[2]), found[3], int(found[4]), found[5]
    first = block * (layers + 1) + (1 if side == "down" else 0)
    stem = "input_blocks" if side == "down" else "output_blocks"
    if kind == "downsamplers":
        return f"{stem}.{first + layers}.0.op." + rest.removeprefix("conv.")
    if kind == "upsamplers":
        attends = "CrossAttn" in model.unet.config.up_block_types[block]
        return f"{stem}.{first + layers}.{2 if attends else 1}.{rest}"
    return f"{stem}.{first + index}.{0 if kind == 'resnets' else 1}.{_within(rest) if kind == 'resnets' else rest}"


def vae_name(name, levels):
    name = re.sub(r"(encoder)\.down_blocks\.(\d+)\.resnets\.(\d+)", r"\1.down.\2.block.\3", name)
    name = re.sub(r"(encoder)\.down_blocks\.(\d+)\.downsamplers\.0", r"\1.down.\2.downsample", name)
    name = re.sub(r"decoder\.up_blocks\.(\d+)\.resnets", lambda found: f"decoder.up.{levels - 1 - int(found[1])}.block", name)
    name = re.sub(r"decoder\.up_blocks\.(\d+)\.upsamplers\.0", lambda found: f"decoder.up.{levels - 1 - int(found[1])}.upsample", name)
    name = re.sub(r"mid_block\.resnets\.(\d)", lambda found: f"mid.block_{int(found[1]) + 1}", name)
    name = name.replace("mid_block.attentions.0", "mid.attn_1").replace("attn_1.group_norm", "attn_1.norm")
    name = re.sub(r"attn_1\.to_([qkv])", r"attn_1.\1", name).replace("attn_1.to_out.0", "attn_1.proj_out")
    return name.replace("conv_norm_out", "norm_out").replace("conv_shortcut", "nin_shortcut")


def text_name(name, kind):
    """OpenCLIP holds query, key and value in one tensor, and the projection turned."""
    if kind == "l":
        return f"transformer.text_model.{name}"
    if name == "text_projection.weight":
        return "model.text_projection"
    name = name.removeprefix("text_model.")
    found = re.match(r"encoder\.layers\.(\d+)\.(.*)", name)
    if found is None:
        return "model." + _replaced(name, _CLIP)
    rest = re.sub(r"self_attn\.[qkv]_proj\.(weight|bias)", r"attn.in_proj_\1", found[2])
    return f"model.transformer.resblocks.{found[1]}.{_replaced(rest, _CLIP)}"


def text_prefixes(model):
    """Where each text encoder lies in a checkpoint."""
    if model.architecture.time_ids == 0:
        return {"text_encoder": "cond_stage_model."}
    names = [part for part in model.parts() if part.startswith("text_encoder")]
    return {part: f"conditioner.embedders.{index}." for index, part in enumerate(names)}


def ldm_name(model, part, name):
    if part == "unet":
        return "model.diffusion_model." + unet_name(name, model)
    if part == "vae":
        return "first_stage_model." + vae_name(name, len(model.vae.config.block_out_channels))
    kinds = dict(zip([one for one in model.parts() if one.startswith("text_encoder")], model.architecture.text))
    return text_prefixes(model)[part] + text_name(name, kinds[part])


def ldm_weights(model):
    """All weights of a model as a single-file checkpoint holds them."""
    found = {}
    for part, network in model.parts().items():
        rows = {}
        for name, value in network.named_parameters():
            key = ldm_name(model, part, name)
            value = value.detach()
            if ".attn_1." in key and value.ndim == 2:
                value = value[:, :, None, None]
            if key.endswith("text_projection"):
                value = value.T
            match = re.search(r"self_attn\.([qkv])_proj", name)
            if match and ".attn.in_proj_" in key:
                rows.setdefault(key, {})[match[1]] = value
            else:
                found[key] = value.contiguous()
        for key, parts in rows.items():
            found[key] = torch.cat([parts[one] for one in "qkv"]).contiguous()
    return found
