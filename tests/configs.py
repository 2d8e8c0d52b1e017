"""Configs for the tests of the config."""


def small_config():
    """Return a config of two models, three methods and two metrics."""
    return {
        "models": {
            "ResNet": {"timm": "test_resnet", "options": {"output_stride": 8}},
            "ViT": {"timm": "test_vit", "lr": 0.002, "family": "transformer"},
        },
        "methods": {
            "gradcam": {"explain": "gradcam"},
            "ig": {"explain": "integrated_gradients", "steps": 8},
            "ig_abs": {"from": "ig", "sign": "absolute"},
        },
        "metrics": ["cosine", {"rbf": {"sigma": 60}}],
    }


def change(config, place, value):
    """Set a value at a place like `models.ViT.timm`; None takes the key away."""
    *parents, last = place.split(".")
    part = config
    for key in parents:
        part = part.setdefault(key, {})
    if value is None:
        del part[last]
    else:
        part[last] = value
