"""Model folders: ONNX graphs and configs in the layouts that people have, and the same weights as safetensors."""
import json

import diffusers
import torch
from safetensors.torch import save_file

from .ldm_names import ldm_weights
from .onnx_files import Decoder, Encoder, Text, Unet, export
from .vocabulary import write_vocabulary

_SPATIAL = {0: "batch", 2: "height", 3: "width"}


def _text_names(encoder, layers):
    heads = ["last_hidden_state", "pooler_output"] if "Projection" not in type(encoder).__name__ else ["text_embeds", "last_hidden_state"]
    states = [f"hidden_states.{index}" for index in range(encoder.config.num_hidden_layers + 1)] if layers else []
    return ["input_ids"], heads + states, {"input_ids": {0: "batch", 1: "sequence"}}


def _unet_inputs(model, variant, kind):
    """Example arguments by name; odd sides make the exporter keep sizes, even ones let it write factors of two."""
    unet = model.unet
    height, width = (8, 8) if variant in ("even", "fixed") else (9, 7)
    context, channels = unet.config.cross_attention_dim, unet.config.in_channels
    timestep = torch.tensor([1], dtype=torch.int64) if model.name.startswith("sd15") else torch.tensor(1.0)
    given = {
        "sample": torch.randn(2, channels, height, width, dtype=kind),
        "timestep": timestep if variant != "half" else torch.tensor([1.0], dtype=kind),
        "encoder_hidden_states": torch.randn(2, 77, context, dtype=kind),
    }
    if model.architecture.time_ids:
        given |= {"text_embeds": torch.randn(2, 128), "time_ids": torch.randn(2, model.architecture.time_ids)}
    if unet.config.time_cond_proj_dim:
        given["timestep_cond"] = torch.randn(2, unet.config.time_cond_proj_dim)
    if variant == "controlled":
        sides = [(32, 9, 7), (32, 9, 7), (32, 5, 4), (64, 5, 4)]
        given |= {f"down_block_additional_residuals_{index}": torch.randn(2, *side) for index, side in enumerate(sides)}
        given["mid_block_additional_residual"] = torch.randn(2, 64, 5, 4)
    return given


def export_unet(model, file, variant="odd"):
    kind = torch.float16 if variant == "half" else torch.float32
    given = _unet_inputs(model, variant, kind)
    axes = {name: {0: "batch", 1: "tokens"} if value.ndim == 3 else {0: "batch"} for name, value in given.items() if value.ndim > 1}
    for name, value in given.items():
        if value.ndim == 4:
            axes[name] = _SPATIAL if name == "sample" else {0: "batch", 2: f"{name}_height", 3: f"{name}_width"}
    axes["out_sample"] = _SPATIAL
    if variant == "fixed":
        axes = {name: {0: "batch"} for name in axes}
    network = model.unet.to(kind)
    size = export(Unet(network, list(given)), tuple(given.values()), file, (list(given), ["out_sample"], axes))
    model.unet.float()
    return size


def export_text(encoder, file, layers):
    ids = torch.randint(0, 1000, (2, 77), dtype=torch.int32)
    return export(Text(encoder, layers), (ids,), file, _text_names(encoder, layers))


def export_vae(model, folder, parameters=True):
    output = "latent_parameters" if parameters else "latent_sample"
    axes = {"sample": _SPATIAL, output: {0: "batch", 2: "rows", 3: "columns"}}
    export(Encoder(model.vae, parameters), (torch.randn(1, 3, 64, 48),), folder / "vae_encoder/model.onnx", (["sample"], [output], axes))
    axes = {"latent_sample": {0: "batch", 2: "rows", 3: "columns"}, "sample": _SPATIAL}
    export(Decoder(model.vae), (torch.randn(1, 4, 8, 6),), folder / "vae_decoder/model.onnx", (["latent_sample"], ["sample"], axes))


def write_graphs(model, folder):
    """The ONNX graphs of a model, without weights."""
    texts = [part for part in model.parts() if part.startswith("text_encoder")]
    for part, encoder in zip(texts, model.shown_encoders()):
        export_text(encoder, folder / part / "model.onnx", layers=model.name != "sd21-v")
    export_unet(model, folder / "unet/model.onnx")
    for variant in model.architecture.variants:
        export_unet(model, folder / f"unet/{variant}.onnx", variant)
    export_vae(model, folder, parameters=model.name != "sd15-inpaint")


def scheduler(model):
    known = dict(num_train_timesteps=1000, beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
    known["prediction_type"] = model.architecture.prediction
    return getattr(diffusers, model.architecture.scheduler)(**known)


def model_index(model):
    """As optimum writes it now for Stable Diffusion XL and the inpainting model, and as diffusers' converter does for the others."""
    new = model.architecture.time_ids > 0 or model.name == "sd15-inpaint"
    prefix = "ORT" if new else "Onnx"
    network = ["optimum.onnxruntime.modeling_diffusion", "ORTModel"] if new else ["diffusers", "OnnxRuntimeModel"]
    texts = {part: network for part in model.parts() if part.startswith("text_encoder")}
    if model.name == "sdxl-refiner":
        texts |= {"text_encoder": [None, None], "tokenizer": [None, None], "requires_aesthetics_score": True}
    return {
        "_class_name": prefix + model.architecture.pipeline,
        "_diffusers_version": diffusers.__version__,
        "scheduler": ["diffusers", model.architecture.scheduler],
        "unet": network,
        "vae_decoder": network,
        "vae_encoder": network,
        **texts,
    }


def write_configs(model, folder):
    scheduler(model).save_pretrained(folder / "scheduler")
    texts = [part for part in model.parts() if part.startswith("text_encoder")]
    for part, encoder in zip(texts, model.shown_encoders()):
        encoder.config.save_pretrained(folder / part)
    model.unet.save_config(folder / "unet")
    for part in ("vae_encoder", "vae_decoder"):
        model.vae.save_config(folder / part)
    (folder / "model_index.json").write_text(json.dumps(model_index(model), indent=1) + "\n")


def write_safetensors(model, folder):
    """The weights as one checkpoint file and as a diffusers folder, in fp16."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: value.half() for name, value in ldm_weights(model).items()}, folder / f"{model.name}.safetensors")
    whole = folder / model.name
    texts = [part for part in model.parts() if part.startswith("text_encoder")]
    for part, encoder in zip(texts, model.shown_encoders()):
        encoder.half().save_pretrained(whole / part)
        encoder.float()
        write_vocabulary(whole / part.replace("text_encoder", "tokenizer"))
    for part, network in (("unet", model.unet), ("vae", model.vae)):
        network.half().save_pretrained(whole / part)
        network.float()
    scheduler(model).save_pretrained(whole / "scheduler")
    index = {name: value for name, value in model_index(model).items() if not name.startswith("vae_")}
    index["_class_name"] = model.architecture.pipeline
    index |= {part: ["transformers", type(encoder).__name__] for part, encoder in zip(texts, model.encoders)}
    index |= {"unet": ["diffusers", "UNet2DConditionModel"], "vae": ["diffusers", "AutoencoderKL"]}
    (whole / "model_index.json").write_text(json.dumps(index, indent=1) + "\n")
