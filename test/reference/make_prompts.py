"""How the reference cuts prompts into windows of weighted tokens, and what it makes of the features. With the embedded model's vocabulary."""
import math
import tempfile
from pathlib import Path

import torch
from rounded import rounded
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel

from comfy import sd1_clip, sdxl_clip

VOCABULARY = Path(__file__).parents[2] / "models" / "tiny-emoji" / "tokenizer"
PROMPTS = [
    "", " ", "red apple", "a (red) apple", "((red)) apple", "(a (red:0.5) apple:1.3)", "a \\(red\\) apple", "(red:", "(red", "red) (apple:1.3)",
    "(red apple:1.3", "((red) apple", "(:1.2)", "(red::1.2)", "(red:-0.5)", "(red: 1.25 )", "(red:1e-1)", "(red:0x10)", "(red:.5)", "(red:5.)",
    "(red:big)", "[red] apple", "red, (green, blue:0.7), yellow BREAK AND 42 1.5", "()", "(())", "\\\\(red\\\\)", "red apple " * 20, "(red:1.1)" * 30,
    "one two three (four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen:1.4) seventeen", "Red  APPLE\n\tpie",
    "embedding:trained", "a embedding:trained pie", "a embedding:trained, pie", "(embedding:trained:1.5) pie", "a\nembedding:trained\nembedding:single x",
    "aembedding:trained", "embedding:missing pie", "embedding:missing", "embedding:missing, pie", "red apple pie with a cat and dog embedding:trained",
    # Seven tokens are kept together, eight are not.
    "red " * 17 + "(a b c d e f g:1.2)", "red " * 17 + "(a b c d e f g h:1.2)",
]
WIDTH = 3


def tokenizer(folder, length, **options):
    made = sd1_clip.SDTokenizer(str(VOCABULARY), max_length=length, embedding_directory=folder, embedding_size=WIDTH, **options)
    # The vocabulary's own begin and end.
    made.tokenizer_adds_end_token = True
    return made


def cells(windows):
    """[id, weight] for words and [“row”, first value, weight] for rows of an embedding."""
    return [[["row", round(float(t[0]), 4), round(w, 6)] if torch.is_tensor(t) else [int(t), round(w, 6)] for t, w in window] for window in windows]


class Network(sd1_clip.ClipTokenWeightEncoder):
    """A network whose features are plain sums, so that the tests can make it too."""

    def __init__(self, factor, width, special):
        self.factor, self.width, self.special_tokens = factor, width, special

    def encode(self, tokens):
        z = [[[math.sin(self.factor * t + 0.11 * p + f) for f in range(self.width)] for p, t in enumerate(window)] for window in tokens]
        out = torch.tensor(z, dtype=torch.float64).float()
        return out, out.sum(dim=1)


def skipped():
    torch.manual_seed(3)
    config = CLIPTextConfig(vocab_size=50, hidden_size=8, intermediate_size=16, num_hidden_layers=3, num_attention_heads=2, max_position_embeddings=12)
    model = CLIPTextModel(config).eval()
    norm = next(module for name, module in model.named_modules() if name.endswith("final_layer_norm"))
    torch.nn.init.normal_(norm.weight, 1, 0.5)
    torch.nn.init.normal_(norm.bias, 0, 0.5)
    with torch.no_grad():
        out = model(torch.tensor([[48] + list(range(1, 11)) + [49], [48] + list(range(20, 30)) + [49]]), output_hidden_states=True)
        wanted = [rounded(norm(out.hidden_states[-k]).flatten()) for k in [1, 2, 3]]
    return {
        "dims": list(out.last_hidden_state.shape), "hidden": [rounded(h.flatten()) for h in out.hidden_states],
        "last": rounded(out.last_hidden_state.flatten()), "wanted": wanted,
    }


def make():
    with tempfile.TemporaryDirectory() as folder:
        save_file({"clip_l": torch.arange(9).reshape(3, WIDTH).float() + 0.5}, f"{folder}/trained.safetensors")
        save_file({"emb_params": torch.arange(WIDTH).reshape(1, WIDTH).float() + 100}, f"{folder}/single.safetensors")
        small, large = tokenizer(folder, 24), tokenizer(folder, 77, pad_with_end=False)
        windows = [{"prompt": p, "l": cells(small.tokenize_with_weights(p)), "g": cells(large.tokenize_with_weights(p))} for p in PROMPTS]
        special = {"start": small.start_token, "end": small.end_token, "pad": small.end_token}
        l, g = Network(0.37, 2, special), Network(0.21, 3, {**special, "pad": 0})
        features = []
        for prompt in ["red apple", "a (red:1.4) apple", "(red:0.5) apple " * 9]:
            out, pooled = l.encode_token_weights(small.tokenize_with_weights(prompt))
            features.append({"prompt": prompt, "dims": list(out.shape), "values": rounded(out.flatten())})
        pair = []
        both = sdxl_clip.SDXLClipModel.encode_token_weights
        model = type("Both", (), {"clip_l": l, "clip_g": g})()
        other = tokenizer(folder, 24, pad_with_end=False)
        for text_l, text_g in [("red", "(green:1.3) apple"), ("red apple " * 10, "green"), ("cat", "dog " * 60)]:
            tokens = {"l": small.tokenize_with_weights(text_l), "g": other.tokenize_with_weights(text_g)}
            while len(tokens["l"]) < len(tokens["g"]):
                tokens["l"] += small.tokenize_with_weights("")
            while len(tokens["l"]) > len(tokens["g"]):
                tokens["g"] += other.tokenize_with_weights("")
            out, pooled = both(model, tokens)
            pair.append({"l": text_l, "g": text_g, "dims": list(out.shape), "values": rounded(out.flatten()), "pooled": rounded(pooled.flatten())})
    return {"windows": windows, "features": features, "pair": pair, "skipped": skipped()}
