"""What each tiny model is made of. Sides are the smallest that Stable Diffusion's groups of 32 and heads of 64 allow."""
from dataclasses import dataclass, field

from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

VOCABULARY = 49408
BEGIN, END = 49406, 49407
TEXT_LAYERS = 3


@dataclass(frozen=True)
class Architecture:
    """`start` is where its made weights begin; `unet` what differs from Stable Diffusion 1.5's shape."""

    start: int
    unet: dict
    prediction: str = "epsilon"
    text: tuple[str, ...] = ("l",)
    scale: float = 0.18215
    time_ids: int = 0
    pipeline: str = "StableDiffusionPipeline"
    scheduler: str = "PNDMScheduler"
    penultimate: bool = False
    variants: tuple[str, ...] = field(default=())


_TWO = dict(down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"))
_HEADS_OF_64 = dict(block_out_channels=(64, 128), attention_head_dim=(1, 2), use_linear_projection=True)
_SIZES = dict(addition_embed_type="text_time", addition_time_embed_dim=256)

ARCHITECTURES = {
    "sd15": Architecture(0, {}, variants=("even", "fixed", "half", "controlled")),
    "sd21-v": Architecture(
        1 << 25,
        dict(_HEADS_OF_64),
        prediction="v_prediction",
        text=("h",),
        scheduler="DDIMScheduler",
        penultimate=True,
    ),
    "sdxl": Architecture(
        2 << 25,
        dict(_HEADS_OF_64, **_TWO, **_SIZES, transformer_layers_per_block=(1, 2), cross_attention_dim=192,
             projection_class_embeddings_input_dim=128 + 6 * 256),
        text=("l", "g"),
        scale=0.13025,
        time_ids=6,
        pipeline="StableDiffusionXLPipeline",
        scheduler="EulerDiscreteScheduler",
        penultimate=True,
    ),
    "sdxl-refiner": Architecture(
        3 << 25,
        dict(_HEADS_OF_64, **_TWO, **_SIZES, transformer_layers_per_block=(1, 2), cross_attention_dim=128,
             projection_class_embeddings_input_dim=128 + 5 * 256),
        text=("g",),
        scale=0.13025,
        time_ids=5,
        pipeline="StableDiffusionXLImg2ImgPipeline",
        scheduler="EulerDiscreteScheduler",
        penultimate=True,
    ),
    "sd15-inpaint": Architecture(4 << 25, dict(in_channels=9), pipeline="StableDiffusionInpaintPipeline"),
    "sd15-lcm": Architecture(
        5 << 25, dict(time_cond_proj_dim=256), pipeline="LatentConsistencyModelPipeline", scheduler="LCMScheduler"
    ),
}

_TEXT = {
    "l": (CLIPTextModel, dict(hidden_size=64, intermediate_size=128, num_attention_heads=1, hidden_act="quick_gelu", projection_dim=64)),
    "h": (CLIPTextModel, dict(hidden_size=64, intermediate_size=128, num_attention_heads=1, hidden_act="gelu", projection_dim=64)),
    "g": (
        CLIPTextModelWithProjection,
        dict(hidden_size=128, intermediate_size=256, num_attention_heads=2, hidden_act="gelu", projection_dim=128),
    ),
}


def text_encoder(kind, layers=TEXT_LAYERS):
    """CLIP's text tower: `l` of Stable Diffusion 1, `h` of 2, `g` the second one of XL."""
    make, shape = _TEXT[kind]
    ids = dict(vocab_size=VOCABULARY, bos_token_id=BEGIN, eos_token_id=END, pad_token_id=END if kind == "l" else 0)
    return make(CLIPTextConfig(num_hidden_layers=layers, max_position_embeddings=77, **ids, **shape)).eval()


def unet(architecture):
    usual = dict(
        sample_size=8,
        in_channels=4,
        out_channels=4,
        layers_per_block=1,
        block_out_channels=(32, 64),
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=64,
        attention_head_dim=8,
    )
    return UNet2DConditionModel(**(usual | architecture.unet)).eval()


def autoencoder(scale):
    levels = 4
    return AutoencoderKL(
        block_out_channels=(32,) * levels,
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        latent_channels=4,
        layers_per_block=1,
        sample_size=64,
        scaling_factor=scale,
    ).eval()
