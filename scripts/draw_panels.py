"""Draw a few images with the maps of all models by all methods."""

from pathlib import Path

from lookalike.core import jobs

jobs.begin(snakemake)

from lookalike.plots.pages import read_pages
from lookalike.plots.panels import choose_images
from lookalike.plots.style import PRINT, SCREEN, save, use

params, folder = snakemake.params, Path(snakemake.output.panels)
use(**params.look)
pages = read_pages(snakemake.input, params)
folder.mkdir(parents=True)
chosen = choose_images(pages.rows, pages.classes, params.number, params.seed)
for number, index in enumerate(chosen, 1):
    paths = [folder / f"panel-{number}.{kind}" for kind in ("svg", "pdf", "png")]
    # The report shows the PNG on a screen.
    save(pages.draw(index), paths, dpi=PRINT if params.png else SCREEN)
