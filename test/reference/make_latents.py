"""What the latent nodes give. Inputs are sines that the test makes too."""
import nodes
from rounded import rounded

from comfy_extras import nodes_latent, nodes_mask
from waves import wave


def latent(dims, seed=1.0, **more):
    return {"samples": wave(dims, seed), **more}


def values(out):
    out = out.result if hasattr(out, "result") else out
    found = {"dims": list(out[0]["samples"].shape), "values": rounded(out[0]["samples"].flatten(), 6)}
    if "batch_index" in out[0]:
        found["batchIndex"] = out[0]["batch_index"]
    return found


def make():
    a, b = latent([2, 2, 6, 5]), latent([2, 2, 6, 5], 2.0)
    one, small = latent([1, 2, 6, 5], 3.0), latent([1, 2, 3, 4], 4.0)
    wide = latent([1, 2, 9, 12])
    pairs = {}
    for name, other in [("same", b), ("one", one)]:
        pairs[name] = {
            "add": values(nodes_latent.LatentAdd.execute(a, other)),
            "subtract": values(nodes_latent.LatentSubtract.execute(a, other)),
        }
    pairs["small"] = {"add": values(nodes_latent.LatentAdd.execute(a, small)), "subtract": values(nodes_latent.LatentSubtract.execute(a, small))}
    scaled = []
    for method in ["nearest-exact", "bislerp"]:
        for width, height, crop in [(96, 0, "disabled"), (0, 128, "disabled"), (80, 160, "center"), (8, 72, "disabled"), (0, 0, "disabled")]:
            out = nodes.LatentUpscale().upscale(latent([1, 2, 9, 12]), method, width, height, crop)
            scaled.append({"method": method, "width": width, "height": height, "crop": crop, **values(out)})
    by = [{"by": s, **values(nodes.LatentUpscaleBy().upscale(wide, "bilinear", s))} for s in [0.5, 1.5, 0.375, 2.0]]
    rotated = {r: values(nodes.LatentRotate().rotate(small, r)) for r in ["none", "90 degrees", "180 degrees", "270 degrees"]}
    flipped = {f: values(nodes.LatentFlip().flip(small, f)) for f in ["x-axis: vertically", "y-axis: horizontally"]}
    cropped = []
    for width, height, x, y in [(64, 64, 0, 0), (72, 64, 24, 8), (64, 64, 200, 200), (512, 512, 16, 8)]:
        cropped.append({"at": [width, height, x, y], **values(nodes.LatentCrop().crop(wide, width, height, x, y))})
    pasted = []
    for x, y, feather in [(0, 0, 0), (8, 16, 0), (24, 24, 0), (16, 8, 8), (8, 8, 16), (32, 40, 16), (0, 8, 24)]:
        out = nodes.LatentComposite().composite(latent([1, 2, 8, 9]), latent([1, 2, 5, 4], 2.0), x, y, feather=feather)
        pasted.append({"at": [x, y, feather], **values(out)})
    masked = []
    for x, y, resize, with_mask in [(0, 0, False, True), (24, 16, False, True), (40, 40, False, False), (0, 0, True, True), (9999, 0, False, True)]:
        m = wave([1, 3, 3], 5.0) * 0.5 + 0.5 if with_mask else None
        out = nodes_mask.LatentCompositeMasked().composite(latent([2, 2, 6, 7]), latent([1, 2, 4, 5], 2.0), x, y, resize, m)
        masked.append({"at": [x, y], "resize": resize, "masked": with_mask, **values(out)})
    blended = [{"factor": f, "other": n, **values(nodes.LatentBlend().blend(a, o, f))} for f in [0.0, 0.3, 1.0] for n, o in [("same", b), ("one", one)]]
    mixed = [{"ratio": r, **values(nodes_latent.LatentInterpolate.execute(latent([1, 2, 6, 5]), one, r))} for r in [0.0, 0.25, 1.0]]
    batches = {
        "joined": values(nodes_latent.LatentBatch.execute(a, one)),
        "joinedSmall": values(nodes_latent.LatentBatch.execute(latent([1, 2, 6, 5], batch_index=[3]), small)),
        "repeated": values(nodes.RepeatLatentBatch().repeat(latent([2, 2, 1, 1], batch_index=[2, 5]), 3)),
        "taken": values(nodes.LatentFromBatch().frombatch(latent([5, 2, 1, 1]), 3, 9)),
        "takenAgain": values(nodes.LatentFromBatch().frombatch(latent([3, 2, 1, 1], batch_index=[4, 7, 9]), 1, 1)),
        "fixed": values(nodes_latent.LatentBatchSeedBehavior.execute(latent([3, 2, 1, 1], batch_index=[4, 7, 9]), "fixed")),
        "random": values(nodes_latent.LatentBatchSeedBehavior.execute(latent([3, 2, 1, 1], batch_index=[4, 7, 9]), "random")),
    }
    return {
        "pairs": pairs, "scaled": scaled, "by": by, "rotated": rotated, "flipped": flipped, "cropped": cropped, "pasted": pasted,
        "masked": masked, "blended": blended, "mixed": mixed, "batches": batches,
    }
