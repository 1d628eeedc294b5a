"""Runs of sampling nodes, as data that both ComfyUI and the tests can follow."""
SHAPE = [1, 4, 9, 12]
EMPTY = {"shape": SHAPE, "empty": True}
PICTURE = {"shape": SHAPE}
PAIR = {"positive": [{"value": 0.8}], "negative": [{"value": -0.5}]}
ONE_STEP = [5.0, 0.0]
LEVELS = [14.614642, 6.2, 2.5, 0.9, 0.3, 0.0]
MASK = {"shape": [1, 36, 48]}
FLOW_LEVELS = [1.0, 0.86, 0.64, 0.33, 0.0]


def ksampler(**changes):
    inputs = {"seed": "5", "steps": 6, "cfg": 4.5, "sampler_name": "euler", "scheduler": "normal", "denoise": 1.0, **PAIR}
    return ["KSampler", {**inputs, **changes}]


def advanced(**changes):
    inputs = {"add_noise": "enable", "noise_seed": "5", "steps": 7, "cfg": 4.5, "sampler_name": "euler", "scheduler": "karras"}
    part = {"start_at_step": 0, "end_at_step": 10000, "return_with_leftover_noise": "disable"}
    return ["KSamplerAdvanced", {**inputs, **part, **PAIR, **changes}]


def custom(**changes):
    inputs = {"add_noise": True, "noise_seed": "5", "cfg": 4.5, "sampler": "euler", "sigmas": LEVELS}
    return ["SamplerCustom", {**inputs, **PAIR, **changes}]


def guided(guider, **changes):
    return ["SamplerCustomAdvanced", {"noise_seed": "5", "guider": guider, "sampler": "euler", "sigmas": LEVELS, **changes}]


def case(title, *nodes, latent=EMPTY, **options):
    return {"title": title, "latent": latent, "nodes": list(nodes), **options}


def once(title, positive, negative=None, cfg=4.5, latent=PICTURE):
    """A single step to 0: the guided guess itself."""
    return case(title, custom(sigmas=ONE_STEP, cfg=cfg, positive=positive, negative=negative or PAIR["negative"]), latent=latent)


A, B = {"value": 0.8}, {"value": 0.2}
LEFT = {**B, "area": [9, 6, 0, 0], "strength": 1.5}
INNER = {**B, "area": [5, 7, 2, 3], "strength": 0.7}
DUAL = {"cond1": [A], "cond2": [B], "negative": [{"value": -0.5}]}
PERP = {"positive": [A], "negative": [{"value": -0.5, "tokens": 4}], "empty_conditioning": [{"value": 0.1}]}

KSAMPLERS = [
    case("KSampler", ksampler()),
    case("KSampler, a batch of a seed beyond 32 bits", ksampler(seed="4294967301", scheduler="karras"), latent={"shape": [2, 4, 3, 5], "empty": True}),
    case("KSampler, seed 2^64 − 1", ksampler(seed="18446744073709551615", sampler_name="euler_ancestral")),
    case("KSampler, picture to picture", ksampler(denoise=0.4), latent=PICTURE),
    case("KSampler, dpm_2 leaves the last level out", ksampler(sampler_name="dpm_2", steps=5)),
    case("KSampler, uni_pc picture to picture", ksampler(sampler_name="uni_pc", denoise=0.55, steps=4), latent=PICTURE),
    case("KSampler, uni_pc_bh2", ksampler(sampler_name="uni_pc_bh2", scheduler="karras")),
    case("KSampler, denoise 0", ksampler(denoise=0.0), latent=PICTURE),
    case("KSampler, cfg 1", ksampler(cfg=1.0)),
    case("KSampler, cfg 0", ksampler(cfg=0.0)),
    case("KSampler, euler_cfg_pp", ksampler(sampler_name="euler_cfg_pp", cfg=1.4)),
    case("KSampler, dpmpp_2m_sde", ksampler(sampler_name="dpmpp_2m_sde", scheduler="exponential")),
    case("KSampler, places in the batch", ksampler(sampler_name="euler_ancestral"), latent={"shape": [3, 4, 4, 4], "empty": True, "batch_index": [2, 0, 2]}),
    case("KSamplerAdvanced, all steps", advanced()),
    case(
        "KSamplerAdvanced, two of them",
        advanced(end_at_step=3, return_with_leftover_noise="enable"),
        advanced(add_noise="disable", start_at_step=3, noise_seed="9", cfg=2.0),
    ),
    case("KSamplerAdvanced, cut to the end", advanced(end_at_step=3)),
    case("KSamplerAdvanced, late start", advanced(start_at_step=4), latent=PICTURE),
    case("KSamplerAdvanced, start after the end", advanced(start_at_step=5, end_at_step=4), latent=PICTURE),
    case("KSamplerAdvanced, no noise", advanced(add_noise="disable", sampler_name="euler_ancestral", start_at_step=2), latent=PICTURE),
    case("SamplerCustom", custom()),
    case("SamplerCustom, left early", custom(sigmas=LEVELS[:4]), latent=PICTURE),
    case("SamplerCustom, no noise, heun", custom(add_noise=False, sampler="heun", sigmas=LEVELS[2:]), latent=PICTURE),
    case("SamplerCustomAdvanced", guided(["CFGGuider", {**PAIR, "cfg": 4.5}], sampler="dpmpp_2m")),
    case("SamplerCustomAdvanced, no noise", guided(["CFGGuider", {**PAIR, "cfg": 4.5}], noise_seed=None, sampler="euler_ancestral", sigmas=LEVELS[2:]), latent=PICTURE),
]

GUIDERS = [
    case("BasicGuider", guided(["BasicGuider", {"conditioning": [A]}])),
    case("BasicGuider, two prompts", guided(["BasicGuider", {"conditioning": [A, {**B, "strength": 3.0, "tokens": 5}]}])),
    case("CFGGuider, one side of other length", guided(["CFGGuider", {"positive": [{"value": 0.8, "tokens": 6}], "negative": [B], "cfg": 3.0}])),
    case("DualCFGGuider", guided(["DualCFGGuider", {**DUAL, "cfg_conds": 4.0, "cfg_cond2_negative": 2.5, "style": "regular"}])),
    case("DualCFGGuider, second 1", guided(["DualCFGGuider", {**DUAL, "cfg_conds": 4.0, "cfg_cond2_negative": 1.0, "style": "regular"}])),
    case("DualCFGGuider, both 1", guided(["DualCFGGuider", {**DUAL, "cfg_conds": 1.0, "cfg_cond2_negative": 1.0, "style": "regular"}])),
    case("DualCFGGuider, nested", guided(["DualCFGGuider", {**DUAL, "cfg_conds": 4.0, "cfg_cond2_negative": 2.5, "style": "nested"}])),
    case("PerpNegGuider", guided(["PerpNegGuider", {**PERP, "cfg": 5.0, "neg_scale": 1.3}]), latent={"shape": [2, 4, 4, 5], "empty": True}),
    case("PerpNegGuider, no unwanted part", guided(["PerpNegGuider", {**PERP, "cfg": 5.0, "neg_scale": 0.0}])),
    case("PerpNegGuider, cfg 1", guided(["PerpNegGuider", {**PERP, "cfg": 1.0, "neg_scale": 0.0}])),
    case("RescaleCFG", ksampler(cfg=9.0), latent={"shape": [2, 4, 4, 5], "empty": True}, patches=[["RescaleCFG", {"multiplier": 0.7}]]),
    case("RescaleCFG, dual", guided(["DualCFGGuider", {**DUAL, "cfg_conds": 4.0, "cfg_cond2_negative": 2.5, "style": "regular"}]), patches=[["RescaleCFG", {"multiplier": 1.0}]]),
    case("RescaleCFG, nested", guided(["DualCFGGuider", {**DUAL, "cfg_conds": 4.0, "cfg_cond2_negative": 2.5, "style": "nested"}]), patches=[["RescaleCFG", {"multiplier": 0.4}]]),
]

AREAS = [
    once("two prompts of one side", [A, {**B, "strength": 0.4}]),
    once("an area on the left", [A, LEFT]),
    once("an area inside, feathered on all sides", [A, INNER]),
    once("an area alone leaves the rest at 0", [INNER]),
    once("an area by shares", [A, {**B, "share": [0.5, 0.4, 0.3, 0.55]}]),
    once("an area that sticks out", [A, {**B, "area": [8, 8, 4, 7]}]),
    once("areas within areas, on both sides", [A, INNER, {**B, "area": [3, 3, 3, 4]}], [{"value": -0.5}, {"value": -0.9, "area": [7, 9, 1, 2]}]),
    once("an area of the unwanted side at cfg 1", [A], [{"value": -0.5}, {"value": -0.9, "area": [7, 9, 1, 2]}], cfg=1.0),
    once("a mask", [A, {**B, "mask": {**MASK, "strength": 0.8}, "strength": 1.2}]),
    once("masks for two pictures", [A, {**B, "mask": {"shape": [2, 9, 12]}}], latent={"shape": [2, 4, 9, 12]}),
    once("the bounds of a mask", [A, {**B, "mask": {"shape": [1, 9, 12], "box": [3, 1, 8, 8], "bounds": True}}]),
    once("the bounds of a small mask", [A, {**B, "mask": {"shape": [1, 9, 12], "box": [6, 5, 2, 2], "bounds": True}}]),
    once("the bounds of an empty mask", [A, {**B, "mask": {"shape": [1, 9, 12], "box": [0, 0, 0, 0], "bounds": True}}]),
    once("a mask in an area", [A, {**B, "area": [5, 7, 2, 3], "mask": {"shape": [1, 9, 12]}}]),
    case("areas over several steps", ksampler(positive=[A, LEFT, INNER], steps=4)),
    case("times", ksampler(positive=[{**A, "start_percent": 0.0, "end_percent": 0.5}, {**B, "start_percent": 0.5, "end_percent": 1.0}], steps=8)),
    case("times that overlap", ksampler(positive=[{**A, "end_percent": 0.7}, {**B, "start_percent": 0.4}], steps=8)),
    case("a side that stops acting", ksampler(negative=[{"value": -0.5, "end_percent": 0.5}], steps=8)),
    case("times on a straight path", custom(positive=[{**A, "end_percent": 0.6}, {**B, "start_percent": 0.6}], sigmas=FLOW_LEVELS), prediction="FLOW"),
]

MASKS = [
    case("a noise mask", ksampler(denoise=0.7), latent={**PICTURE, "mask": MASK}),
    case("a noise mask, full denoise", ksampler(), latent={**PICTURE, "mask": MASK}),
    case("a noise mask, ddim draws anew", ksampler(sampler_name="ddim", denoise=0.7), latent={**PICTURE, "mask": MASK}),
    case("a noise mask, euler_cfg_pp", ksampler(sampler_name="euler_cfg_pp", cfg=1.5), latent={**PICTURE, "mask": MASK}),
    case("a noise mask, dpmpp_2m_sde", ksampler(sampler_name="dpmpp_2m_sde", scheduler="karras"), latent={**PICTURE, "mask": MASK}),
    case("noise masks for two pictures", ksampler(), latent={"shape": [2, 4, 5, 6], "mask": {"shape": [2, 5, 6]}}),
    case("one noise mask for two pictures", ksampler(), latent={"shape": [2, 4, 5, 6], "mask": {"shape": [1, 20, 24]}}),
    case("a noise mask, part of the steps", advanced(start_at_step=2, end_at_step=5, return_with_leftover_noise="enable"), latent={**PICTURE, "mask": MASK}),
    case("a noise mask, no noise", advanced(add_noise="disable", start_at_step=3), latent={**PICTURE, "mask": MASK}),
    case("a noise mask on a straight path", custom(sigmas=FLOW_LEVELS[1:]), latent={**PICTURE, "mask": MASK}, prediction="FLOW"),
    case("inpainting network, nothing to inpaint", ksampler(steps=4), inpaints=True),
    case("inpainting network, noise mask", ksampler(steps=4), latent={**PICTURE, "mask": MASK}, inpaints=True),
    case(
        "inpainting network, its own picture",
        ksampler(
            steps=4,
            positive=[{**A, "inpaint": {"mask": MASK, "shape": SHAPE}}],
            negative=[{"value": -0.5, "inpaint": {"mask": MASK, "shape": SHAPE}}],
        ),
        inpaints=True,
    ),
    case(
        "inpainting network, a picture of other size for a batch, and an area",
        ksampler(
            steps=3,
            positive=[{**A, "inpaint": {"mask": MASK, "shape": [1, 4, 18, 30]}}, {**INNER, "inpaint": {"mask": MASK, "shape": SHAPE}}],
        ),
        latent={"shape": [2, 4, 9, 12]},
        inpaints=True,
    ),
]

SAMPLINGS = [
    case("v", ksampler(), prediction="V_PREDICTION"),
    *[
        case(f"ModelSamplingDiscrete {kind}{' zsnr' if zsnr else ''}", ksampler(), patches=[["ModelSamplingDiscrete", {"sampling": kind, "zsnr": zsnr}]])
        for kind, zsnr in [("eps", True), ("v_prediction", False), ("v_prediction", True), ("x0", False), ("lcm", False), ("lcm", True)]
    ],
    case("ModelSamplingDiscrete lcm, lcm, cfg 1", ksampler(sampler_name="lcm", scheduler="sgm_uniform", steps=4, cfg=1.0), patches=[["ModelSamplingDiscrete", {"sampling": "lcm", "zsnr": False}]]),
    *[
        case(
            f"ModelSamplingContinuousEDM {kind}",
            ksampler(scheduler="karras"),
            patches=[["ModelSamplingContinuousEDM", {"sampling": kind, "sigma_max": 80.0, "sigma_min": 0.01}]],
        )
        for kind in ["v_prediction", "edm", "eps"]
    ],
    case("ModelSamplingContinuousV", ksampler(scheduler="normal"), patches=[["ModelSamplingContinuousV", {"sampling": "v_prediction", "sigma_max": 500.0, "sigma_min": 0.03}]]),
    case("ModelSamplingSD3", ksampler(scheduler="normal"), patches=[["ModelSamplingSD3", {"shift": 2.2}]], prediction="FLOW"),
    case("ModelSamplingSD3, picture to picture", ksampler(scheduler="simple", denoise=0.5, sampler_name="euler_ancestral"), latent=PICTURE, patches=[["ModelSamplingSD3", {"shift": 3.0}]], prediction="FLOW"),
    case("ModelSamplingAuraFlow", ksampler(), patches=[["ModelSamplingAuraFlow", {"shift": 1.73}]], prediction="FLOW"),
    case(
        "ModelSamplingFlux",
        ksampler(scheduler="simple", cfg=1.0),
        patches=[["ModelSamplingFlux", {"max_shift": 1.15, "base_shift": 0.5, "width": 832, "height": 1216}]],
        prediction="FLOW",
    ),
]

CASES = [*KSAMPLERS, *GUIDERS, *AREAS, *MASKS, *SAMPLINGS]
