"""What the picture and inpainting nodes give. Inputs are sines that the test makes too."""
import utils.install_util  # noqa: F401  before another “utils” hides it
import nodes
from rounded import rounded

from comfy_extras import nodes_images, nodes_mask, nodes_post_processing
from waves import wave


def picture(dims, seed=1.0):
    return wave(dims, seed) * 0.5 + 0.5


class Pixels:
    """A VAE whose latent is the picture itself, so that what it was given can be read."""

    downscale_ratio = 8

    def encode(self, pixels):
        return pixels.movedim(-1, 1).clone()


def values(tensor):
    return {"dims": list(tensor.shape), "values": rounded(tensor.flatten())}


def make():
    a, b, small = picture([2, 6, 7, 3]), picture([2, 6, 7, 3], 2.0), picture([1, 4, 5, 3], 3.0)
    modes = ["normal", "multiply", "screen", "overlay", "soft_light", "difference"]
    blended = [
        {"mode": m, "other": n, **values(nodes_post_processing.Blend.execute(a, o, 0.7, m).result[0])}
        for m in modes for n, o in [("same", b), ("small", small)]
    ]
    padded = []
    for sides in [[2, 1, 3, 0, 2], [0, 0, 4, 0, 3], [1, 2, 0, 3, 0], [1, 1, 1, 1, 40]]:
        image, mask = nodes.ImagePadForOutpaint().expand_image(picture([1, 8, 9, 3]), *sides)
        padded.append({"sides": sides, "image": values(image), "mask": values(mask)})
    pasted = []
    for x, y, resize, with_mask in [(0, 0, False, True), (3, 2, False, True), (5, 5, False, False), (0, 0, True, True)]:
        m = wave([1, 3, 3], 5.0) * 0.5 + 0.5 if with_mask else None
        (out,) = nodes_mask.ImageCompositeMasked().composite(a, small, x, y, resize, m)
        pasted.append({"at": [x, y], "resize": resize, "masked": with_mask, **values(out)})
    cropped = [{"at": at, **values(nodes_images.ImageCrop().crop(a, *at)[0])} for at in [[3, 2, 1, 2], [99, 99, 4, 5], [2, 2, 50, 50]]]
    by = [{"by": s, **values(nodes.ImageScaleBy().upscale(small, "bicubic", s)[0])} for s in [0.5, 1.5, 3.0]]
    inpaint = []
    for grow in [0, 1, 6, 7]:
        m = (wave([1, 8, 8], 2.0) > 0.9).float()
        (out,) = nodes.VAEEncodeForInpaint().encode(Pixels(), picture([1, 16, 16, 3]), m, grow)
        inpaint.append({"grow": grow, "pixels": values(out["samples"]), "mask": values(out["noise_mask"])})
    cond = [[wave([1, 2, 3]), {}]]
    m = wave([1, 5, 5], 2.0) * 0.5 + 0.5
    positive, _, out = nodes.InpaintModelConditioning().encode(cond, cond, picture([1, 16, 24, 3]), Pixels(), m, True)
    shown = {"concat": values(positive[0][1]["concat_latent_image"]), "mask": values(positive[0][1]["concat_mask"]), "latent": values(out["samples"]), "noise": values(out["noise_mask"])}
    return {"blended": blended, "padded": padded, "pasted": pasted, "cropped": cropped, "by": by, "inpaint": inpaint, "inpaintModel": shown}
