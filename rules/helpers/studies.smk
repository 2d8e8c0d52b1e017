"""What the rules of studies have in common, and what each study says of its files."""

from dataclasses import dataclass, field

from lookalike.plots.files import files_of_figures


@dataclass(frozen=True)
class Study:
    """The files of a study: what it concludes, the figures of the report by their titles (each in
    every format), tables, and folders of further figures.
    """

    figures: dict = field(default_factory=dict)
    summary: str = ""
    tables: list = field(default_factory=list)
    folders: list = field(default_factory=list)

    @property
    def files(self):
        """All files, which are promised."""
        shown = [path for files in self.figures.values() for path in files]
        return [*shown, *self.tables, *self.folders, *([self.summary] if self.summary else [])]


FAMILIES = {name: model.family for name, model in MODELS.items()}
# What gives a model its colour and marker, in all figures.
COLOURS = {name: model.kind(PLAN.figures.colour_by) for name, model in MODELS.items()}
# Of those that are switched on; each file of rules/studies adds its own.
STUDIES = {}


def study_figure(study, stem="", **labels):
    """Return the files of a figure of a study; its name may have wildcards."""
    return figure(
        f"results/studies/{study}/{stem or study}",
        "study",
        "studies",
        study.replace("_", " "),
        captions="../../captions",
        **labels,
    )


def methods_running(name):
    """Return the methods whose maps an explanation method of this name makes, views of the same raw
    maps once.
    """
    return [
        method
        for method in PLAN.of_different_maps
        if PLAN.explanations[METHODS[method].explanation].method == name
    ]


def metrics_with_options(method):
    """Return the metrics of a method by name, each with its options."""
    return {
        metric: [PLAN.metrics[metric].metric, PLAN.metrics[metric].options]
        for metric in PLAN.metrics_of(method)
    }


def code_of_metrics():
    """Return the files of all metrics of the config, on which a study depends that computes them."""
    return [f"lookalike/metrics/{choice.metric}.py" for choice in PLAN.metrics.values()]


def titles_of(keys):
    """Return the titles of the figures of several matrices."""
    return [f"{key.method}, {key.metric}" for key in keys]


def inputs_of_networks(models):
    """Return what a study reads that explains the images by some models itself."""
    return {
        "weights": [f"results/checkpoints/{MODELS[name].weights}.safetensors" for name in models],
        "sidecars": expand("results/checkpoints/{model}.json", model=models),
        "predictions": expand("results/predictions/{model}.npz", model=models),
        "sample": "results/images/explained.csv",
        "images": OWN_IMAGES,
        "consensus": CONSENSUS if PLAN.target == "consensus" else [],
    }


# What an `Explainer` of a study needs besides.
EXPLAINING = {
    "size": PLAN.images.size,
    "fit": PLAN.images.fit,
    "target": PLAN.target,
    "seed": PLAN.seed,
}


def add_study(study, titles):
    """Add the files of the rule of a study, whose figures have these titles in their order."""
    written = outputs(getattr(rules, f"study_{study}"))
    drawn = files_of_figures(path for path in written if path.endswith((".svg", ".png", ".pdf")))
    STUDIES[study] = Study(
        figures=dict(zip(titles, drawn, strict=True)),
        summary=f"results/studies/{study}/summary.json",
        tables=[path for path in written if path.endswith(".csv")],
        folders=[path for path in written if not Path(path).suffix],
    )
