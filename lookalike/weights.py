"""Files of weights: .safetensors, and what torch saved; the rest of the formats are io.py's."""

from pathlib import Path

from lookalike.errors import InputError
from lookalike.io import replacing


def read_weights(path):
    """Return the state dict of a checkpoint: .safetensors, or .pt and .pth with weights alone."""
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such checkpoint")
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        import torch

        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        first_line = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise InputError(f"{path}: not a readable checkpoint of plain weights ({first_line})") from None
    for key in ("state_dict", "model"):
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
    if not isinstance(content, dict) or not all(map(torch.is_tensor, content.values())):
        raise InputError(f"{path}: holds no state dict, neither by itself nor as 'state_dict' or 'model'")
    return content


def write_weights(path, weights):
    """Write a state dict as .safetensors."""
    from safetensors.torch import save_file

    with replacing(path) as temporary:
        save_file({name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}, temporary)
