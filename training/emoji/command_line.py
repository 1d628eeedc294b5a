"""Pictures from the project's own command line."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = "workflows/text-to-image.json"


def run_template(values: dict[str, object], model: Path, out: Path) -> np.ndarray:
    """Runs the text-to-image template with some values (`2.text`: field `text` of node 2) on a model folder; bytes `[h, w, 3]`."""
    command = ["node", "bin/litegraph-diffusion.mjs", "run", TEMPLATE, "--models", str(model.parent)]
    command += ["--device", "cpu", "--data", str(out), "--out", str(out), "--quiet"]
    for field, value in {"1.ckpt_name": model.name, **values}.items():
        command += ["--set", f"{field}={value}"]
    subprocess.run(command, cwd=ROOT, check=True)
    (file,) = out.rglob("*.png")
    return np.asarray(Image.open(file).convert("RGB"))
