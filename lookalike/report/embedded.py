"""What the page's script draws from: numbers, maps and images, packed into blocks of text."""

from collections.abc import Sequence
from math import isfinite
from pathlib import Path
from typing import Any

from lookalike.core import io
from lookalike.core.types import Row, StrPath
from lookalike.findings.finding import YES
from lookalike.plots.pages import Pages, read_pages
from lookalike.plots.panels import predicted_text, readable_label
from lookalike.plots.style import family_styles
from lookalike.plots.titles import MOST_CELLS
from lookalike.report.packing import compress, pack_json
from lookalike.report.pictures import TRIED, map_sheets, photograph
from lookalike.report.views import view_of
from lookalike.report.zoom import zoomable

MEGA = 1_000_000
# Inputs that every matrix has, and those that are computed here.
OF_EVERY = ("dissimilarity", "bootstrap", "communities", "together", "coordinates")
OF_COMPUTED = ("low", "high", "chance", "n", "calibrated", "table")
# Columns of models.csv that name a model, and do not describe it; and levels that get colours.
NOT_COLOURS = ("model", "replicate_of", "pruned_from", "layer")
MOST_LEVELS = 20


class Blocks(dict[str, str]):
    """Texts that the page holds, each under an id of its own."""

    def add(self, text: str) -> str:
        """Keep a text; return its id."""
        name = f"block-{len(self)}"
        self[name] = text
        return name

    def figure(self, path: StrPath, title: str) -> Row:
        """Keep an SVG; return its `title` and its `block`."""
        return {"title": title, "block": self.add(compress(Path(path).read_bytes()))}

    @property
    def size(self) -> int:
        """Bytes of all texts."""
        return sum(map(len, self.values()))


def embed(
    blocks: Blocks, paths: Any, keys: Any, models: Sequence[Row], lead: Row | None
) -> Row | None:
    """Add what the script draws from to the blocks; the last is `data`, which names all others.

    Parameters
    ----------
    blocks : Blocks
        Of the page's figures.
    paths : mapping
        The rule's named inputs: of each matrix `OF_EVERY`, and `supports` of all matrices for one
        linkage after another; of each that is computed here `OF_COMPUTED`; and what
        `plots.pages.read_pages` takes, where there are maps.
    keys : mapping
        The rule's parameters: `matrices`, `given` and `linkages`, as of `content.gather`,
        `megabytes` of the page, and what `read_pages` takes.
    models : list of dict
        `models.csv`.
    lead : dict or None
        As of `findings.lead`.

    Returns
    -------
    dict or None
        Of the maps that are kept: `side`, the longer side in pixels of those that were compared,
        `kept`, that of the pictures, `images` and `every`, their number and that of all, and
        `signed`, whether those of the first picture are.
    """
    data: Row = {
        "views": views_of(paths, keys),
        "lead": lead,
        "columns": columns_of(models),
        "about": {row["model"]: row for row in models},
    }
    maps = None
    if keys["methods"]:
        pages = read_pages(paths, keys, most=None)
        data["images"] = images_of(pages)
        data["predictions"] = {
            model: [predicted_text(found, index) for index in range(len(pages.rows))]
            for model, found in pages.predictions.items()
        }
        data["maps"] = maps = maps_of(blocks, pages, data, keys["megabytes"])
    blocks["data"] = pack_json(data)
    if not maps:
        return None
    first = maps["methods"].get(lead["matrix"][0] if lead and lead["matrix"] else "", {})
    return {name: maps[name] for name in ("side", "kept", "images", "every")} | {
        "signed": first.get("signed", False)
    }


def views_of(paths: Any, keys: Any) -> list[Row]:
    """Return the views of all matrices; of very many models, only what can be zoomed into."""
    every, given = [tuple(key) for key in keys["matrices"]], {tuple(key) for key in keys["given"]}
    computed = [key for key in every if key not in given]
    # A dot in a tree is a clade that the findings name, and no other.
    holding: dict[tuple[str, ...], set[tuple[str, str]]] = {}
    for row in io.read_table(paths["analyses"]):
        if row["conclusion"] == "clade" and row["verdict"] == YES:
            key = row["method"], row["metric"], row["subset"]
            holding.setdefault(key, set()).add((row["linkage"], row["subject"]))
    found = []
    for place, key in enumerate(every):
        files = {name: paths[name][place] for name in OF_EVERY}
        files["supports"] = paths["supports"][place :: len(every)]
        if key in computed:
            files |= {name: paths[name][computed.index(key)] for name in OF_COMPUTED}
        values, names = io.read_matrix(files["dissimilarity"])
        if len(names) <= MOST_CELLS:
            found.append(view_of(key, files, keys["linkages"], holding.get(key, ())))
        else:
            about = dict(zip(("method", "metric", "subset"), key, strict=True))
            chance = io.read_matrix(files["chance"])[0] if key in computed else None
            found.append(about | {"names": names, "zoom": zoomable(values, names, chance)})
    return found


def columns_of(models: Sequence[Row]) -> Row:
    """Return the columns that models can be coloured by: those of numbers with their `range`,
    those of text with colour and marker of each level in `levels`.
    """
    found: Row = {}
    for name in models[0] if models else ():
        cells = [row[name] for row in models]
        levels = sorted({*cells} - {""})
        if name in NOT_COLOURS or len(levels) < 2:
            continue
        numbers = [number for cell in cells if (number := as_number(cell)) is not None]
        if len(numbers) == sum(cell != "" for cell in cells):
            found[name] = {"range": [min(numbers), max(numbers)]}
        elif len(levels) <= MOST_LEVELS:
            found[name] = {"levels": family_styles(levels)}
    return found


def as_number(cell: str) -> float | None:
    """Return a cell as a number; None if it is text."""
    try:
        value = float(cell)
    except ValueError:
        return None
    # Python reads 1_000 as a number, and JSON has no infinity.
    return value if isfinite(value) and "_" not in cell else None


def images_of(pages: Pages) -> list[Row]:
    """Return `id` and `label` of every image, and the class that is `explained`, where all models
    are explained for one.
    """
    return [
        {
            "id": row["image"],
            "label": readable_label(row["label"], pages.predictions),
            "explained": pages.voted[index] if pages.voted else "",
        }
        for index, row in enumerate(pages.rows)
    ]


def maps_of(blocks: Blocks, pages: Pages, data: Row, megabytes: float) -> Row:
    """Keep the maps, and the photographs of their images, in the room that is left."""
    room = int(megabytes * MEGA) - blocks.size - len(pack_json(data))
    first = [photograph(row["path"], pages.size, pages.fit) for row in pages.rows[:TRIED]]
    each = sum(map(len, first)) / len(first)
    found = map_sheets(pages.batches, len(pages.rows), max(room, 1), each)
    shown = [
        photograph(pages.rows[image]["path"], pages.size, pages.fit) for image in found["images"]
    ]
    height, width = found["whole"]
    methods = found["methods"]
    for method, sheets in found["sheets"].items():
        methods[method]["sheets"] = [blocks.add(sheet) for sheet in sheets]
    return {
        "methods": methods,
        "of": found["images"],
        "photographs": [blocks.add(text) if text else None for text in shown],
        "side": max(height, width),
        "kept": max(max(one["height"], one["width"]) for one in methods.values()),
        "images": len(found["images"]),
        "every": len(pages.rows),
    }
