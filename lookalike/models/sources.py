"""Networks that timm takes from a folder, `local-dir:FOLDER`, or the hub, `hf-hub:OWNER/NAME`."""

from typing import Any

from lookalike.core.errors import InputError
from lookalike.models.catalogue import HUB, LOCAL, split_source
from lookalike.models.downloads import check_reachable
from lookalike.models.networks import Recipe


def registered(recipe: Recipe) -> Recipe:
    """Return a recipe whose network timm has under a name of its own.

    The `config.json` of a folder or of a repository names the network, its options and what its
    images were normalised by. With these in the recipe, the source is not needed again.

    Raises
    ------
    InputError
        If there is no such source, or no `config.json` of timm in it.
    """
    from timm.models import _hub as hub  # timm exports only one of its two readers

    name, options = recipe["timm"], recipe.get("options", {})
    source, place = split_source(name)
    try:
        if source == LOCAL:
            config, architecture, arguments = hub.load_model_config_from_path(place)
        elif source == HUB:
            check_reachable(
                f"config.json of {name!r}",
                {"hf_hub_id": place, "hf_hub_filename": "config.json"},
                options.get("cache_dir"),
                "or give the name of the network in timm and the file as `checkpoint:`",
            )
            config, architecture, arguments = hub.load_model_config_from_hf(
                place, cache_dir=options.get("cache_dir")
            )
        else:
            return {"timm": name, "options": options}
    except InputError:
        raise
    except Exception as error:
        cause = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise InputError(
            f"{name}: has no config.json as timm writes it ({cause}); save the network with "
            "`timm.models.save_for_hf`, or give `checkpoint:` and the name of the network in timm"
        ) from None
    told: dict[str, Any] = {**arguments, "pretrained_cfg": config}
    if arguments:
        told["pretrained_model_args"] = arguments
    return {"timm": architecture, "options": told | options}
