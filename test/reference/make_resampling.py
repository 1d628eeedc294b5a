"""Pictures and latents at other sizes, by each method. Inputs are sines that the test makes too."""
import torch
from rounded import rounded

import comfy.utils
from waves import wave

METHODS = ["nearest-exact", "bilinear", "area", "bicubic", "bislerp", "lanczos"]
# [height, width] before and after: both larger, both smaller, mixed, whole ratios, one of a pixel.
SIZES = [([5, 7], [11, 4]), ([6, 4], [12, 8]), ([12, 9], [4, 3]), ([3, 10], [7, 23]), ([4, 98], [4, 2]), ([2, 2], [1, 5]), ([1, 3], [4, 9])]


def make():
    cases = []
    for (height, width), (new_height, new_width) in SIZES:
        for method in METHODS:
            # Pillow 13 may go along the height first where that shrinks more; the versions before it, and we, never do.
            if method == "lanczos" and new_height / height < new_width / width and new_height < height:
                continue
            channels = 3 if method == "lanczos" else 2
            x = wave([1, channels, height, width])
            x = x * 0.5 + 0.5 if method == "lanczos" else x
            y = comfy.utils.common_upscale(x, new_width, new_height, method, "disabled")
            cases.append({"method": method, "dims": list(x.shape), "size": [new_height, new_width], "values": rounded(y.flatten())})
    crop = comfy.utils.common_upscale(wave([1, 1, 7, 12]), 6, 6, "nearest-exact", "center")
    # Far to the right of a large picture single precision decides.
    ramp = torch.arange(9001, dtype=torch.float32).reshape(1, 1, 1, -1)
    wide = comfy.utils.common_upscale(ramp, 16001, 1, "nearest-exact", "disabled")
    return {"cases": cases, "cropped": rounded(crop.flatten()), "wide": {"sum": float(wide.double().sum()), "tail": rounded(wide.flatten()[-50:])}}
