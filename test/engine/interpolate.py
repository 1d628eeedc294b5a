"""Writes interpolate.json: torch's own resampling of a small picture. Run with torch installed: python interpolate.py"""
import json, pathlib, torch
import torch.nn.functional as F

torch.manual_seed(0)
image = torch.rand(1, 5, 7, 3)
planes = image.permute(0, 3, 1, 2)
size = (11, 4)
results = {}
for method in ("nearest-exact", "bilinear", "area", "bicubic"):
    options = {} if method in ("nearest-exact", "area") else {"align_corners": False}
    results[method] = F.interpolate(planes, size=size, mode=method, **options).permute(0, 2, 3, 1).flatten().tolist()
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps({"made_by": f"torch {torch.__version__}", "dims": list(image.shape), "size": size, "image": image.flatten().tolist(), "results": results}))
