"""Times a U-Net in PyTorch. Without a path it is the embedded model's, as it was trained; else the one of a diffusers configuration. The weights are random.

Reads one JSON line for each measurement and answers with milliseconds of all its runs.
"""

import json
import sys
import time
from pathlib import Path

import torch

torch.manual_seed(0)
if len(sys.argv) > 1:
    from diffusers import UNet2DConditionModel

    model = UNet2DConditionModel.from_config(json.loads(Path(sys.argv[1]).read_text("utf-8"))).eval()
    width = model.config.cross_attention_dim

    def run(sample, timestep, hidden):
        return model(sample, timestep, hidden, return_dict=False)[0]

else:
    sys.path.insert(0, str(Path(__file__).parent.parent / "training"))
    from emoji.config import Config

    model = Config().unet().eval()
    width = Config().text_width
    run = model

print(json.dumps({"torch": torch.__version__, "threads": torch.get_num_threads()}), flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    sample = torch.randn(asked["batch"], 4, asked["side"], asked["side"])
    hidden = torch.randn(asked["batch"], asked["tokens"], width)
    with torch.inference_mode():
        started = time.perf_counter()
        for step in range(asked["steps"]):
            run(sample, torch.tensor([999.0 - step]), hidden)
    print(json.dumps({"ms": 1000 * (time.perf_counter() - started)}), flush=True)
