/** Is it a file of weights alone, by its name? */
export const isSafetensors = (name: string): boolean => /\.(safetensors|sft)$/i.test(name);

/** Formats that unpickle: opening such a file runs whatever program it holds. */
export const isPickle = (name: string): boolean => /\.(ckpt|pt|pth|bin|pkl)$/i.test(name);

/** Why a pickled file is refused, and what to do. */
export const pickleReason =
  "Such files (.ckpt, .pt, .bin) are Python pickles: opening one runs any program that it holds, so they are never opened here. Look for the same model as .safetensors, or convert it on a machine that you can spare: python -c \"import torch, safetensors.torch as s; s.save_file({k: v.contiguous() for k, v in torch.load('model.ckpt', weights_only=True)['state_dict'].items()}, 'model.safetensors')\".";
