"""Writes the JSON files of this folder: numbers that the reference implementations give, never our own.

Run: python3 generate.py --comfyui PATH [PART…]

PATH is a checkout of ComfyUI 0.3.64 (commit a125cd84). requirements.txt names the Python packages. Everything runs on the CPU.
"""
import argparse
import importlib
import json
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
PARTS = ["noise", "schedules", "samplers", "brownian", "guidance", "prompts", "networks", "runs", "diffusers", "resampling", "masks", "latents", "images"]


def versions(comfyui):
    import torch

    sys.path.insert(0, str(comfyui))
    from comfyui_version import __version__ as comfy

    found = {"comfyui": comfy, "torch": torch.__version__.split("+")[0]}
    for name in ["torchsde", "diffusers", "numpy", "scipy"]:
        found[name] = importlib.metadata.version(name)
    return found


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--comfyui", type=Path, required=True)
    arguments.add_argument("parts", nargs="*", default=PARTS)
    chosen = arguments.parse_args()
    if len(chosen.parts) > 1:
        # Each part in a process of its own: some change torch's defaults.
        for part in chosen.parts:
            subprocess.run([sys.executable, __file__, "--comfyui", str(chosen.comfyui), part], check=True)
        return
    made_by = versions(chosen.comfyui)
    sys.argv = [sys.argv[0], "--cpu"]
    import comfy.options

    comfy.options.enable_args_parsing()
    part = chosen.parts[0]
    values = importlib.import_module(f"make_{part}").make()
    text = json.dumps({"madeBy": made_by, **values}, ensure_ascii=False)
    (HERE / f"{part}.json").write_text(text + "\n")
    print(f"{part}.json: {len(text)} bytes")


if __name__ == "__main__":
    import importlib.metadata

    main()
