"""Outputs as rules name them: figures and tables, which Snakemake's own report takes up."""


def figure(stem, caption, category, subcategory, captions="../captions", **labels):
    """Return a figure's files: SVG, which is part of Snakemake's own report, PDF, and PNG where it is
    asked for.
    """
    shown = report(
        f"{stem}.svg",
        caption=f"{captions}/{caption}.rst",
        category=category,
        subcategory=subcategory,
        labels=labels,
    )
    more = ["pdf", "png"] if PLAN.figures.png else ["pdf"]
    return [shown, *(f"{stem}.{kind}" for kind in more)]


def look(*names):
    """Return how figures look, of what the config says of it: the font, and these keys."""
    return {name: getattr(PLAN.figures, name) for name in ("font", *names)}


def table(path, caption, **labels):
    """Return a table as part of Snakemake's own report."""
    return report(path, caption=f"../captions/{caption}.rst", category="Tables", labels=labels)


def outputs(rule, **names):
    """Return what a rule writes, for all combinations of names of its wildcards."""
    return expand([own_path(path) for path in rule.output], **names)


def own_path(path):
    """Return an output as its rule names it, also where it lies in a storage."""
    stored = path.flags.get("storage_object")
    prefix = str(workflow.storage_settings.default_storage_prefix)
    return stored.query.removeprefix(prefix).lstrip("/") if stored else str(path)
