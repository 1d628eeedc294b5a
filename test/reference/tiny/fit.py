"""A few hundred steps of the usual objective on sixteen smooth latents: then sampling contracts, and the prompt matters."""
import torch
import torch.nn.functional as F

NAMES = [
    *["a red apple", "a green tree", "blue car", "yellow sun", "cat face", "dog face", "house", "rocket"],
    *["fish", "pizza", "guitar", "heart", "moon", "flower", "clock", "book"],
]
BETAS = torch.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2
SIDE = 8


def features(model, ids):
    """Token features and the pooled vector, as the family wants them."""
    states, pooled = [], None
    for encoder, one in zip(model.encoders, ids):
        found = encoder(one, output_hidden_states=True)
        states.append(found.hidden_states[-2] if model.architecture.time_ids else found.last_hidden_state)
        pooled = getattr(found, "text_embeds", pooled)
    return torch.cat(states, -1), pooled


def targets(generator):
    small = F.interpolate(torch.randn(len(NAMES), 4, 3, 3, generator=generator), size=(SIDE, SIDE), mode="bicubic")
    return small / small.std((1, 2, 3), keepdim=True)


def added(model, pooled, count):
    if not model.architecture.time_ids:
        return {}
    sizes = [SIDE * 8.0, SIDE * 8.0, 0, 0] + ([6.0] if model.architecture.time_ids == 5 else [SIDE * 8.0, SIDE * 8.0])
    return {"added_cond_kwargs": {"text_embeds": pooled, "time_ids": torch.tensor([sizes]).repeat(count, 1)}}


def fit(model, ids, steps):
    """Fits what is stored of a model's U-Net; everything else stays as it was made."""
    generator = torch.Generator().manual_seed(55)
    clean = targets(generator)
    kept = torch.cumprod(1 - BETAS, 0)
    with torch.no_grad():
        states, pooled = features(model, ids)
    parameters = [one for one in model.unet.parameters() if one.requires_grad]
    optimiser = torch.optim.Adam(parameters, 4e-3)
    rate = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    model.unet.train()
    mean = 1.0
    for step in range(steps):
        which = torch.randint(0, len(NAMES), (16,), generator=generator)
        noise = torch.randn(clean[which].shape, generator=generator)
        t = torch.randint(0, 1000, (16,), generator=generator)
        signal, rest = kept[t].sqrt().view(-1, 1, 1, 1), (1 - kept[t]).sqrt().view(-1, 1, 1, 1)
        x = signal * clean[which] + rest * noise
        wanted = signal * noise - rest * clean[which] if model.architecture.prediction == "v_prediction" else noise
        if model.unet.config.in_channels == 9:
            x = torch.cat([x, torch.ones(16, 1, SIDE, SIDE), torch.zeros(16, 4, SIDE, SIDE)], 1)
        more = added(model, None if pooled is None else pooled[which], 16)
        loss = F.mse_loss(model.unet(x, t, states[which], **more).sample, wanted)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        rate.step()
        mean = 0.95 * mean + 0.05 * loss.item()
        if step % 100 == 99:
            print(f"  step {step + 1}: loss {mean:.3f}", flush=True)
    model.unet.eval()
