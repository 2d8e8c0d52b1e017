"""All findings, section by section, gathered from the files of the workflow; and their file."""

from pathlib import Path

from lookalike.compare.redundancy import redundant_groups
from lookalike.core import io
from lookalike.core.condensed import condensed
from lookalike.findings import factors, groups, models
from lookalike.groups.trees import parse_clades

HEADING = "# Findings"


def collect(paths, subset):
    """Return what the numbers say.

    Parameters
    ----------
    paths : mapping
        Of the rule's named inputs: `models`, `unmatched`, `audits`, `localisation`, `replicates`,
        `structure`, `factors`, `agreement`, `heads`, `pruning`, `variants`, `redundancy`, and of
        each matrix over the subset `dissimilarities`, `images` (their numbers), `supports` and
        `communities`. What is not there is empty.
    subset : str
        Of the images, of which the sentences are.

    Returns
    -------
    dict
        From a section's title to its sentences.
    """
    about = {row["model"]: row for row in read(paths["models"])}
    origins = {
        name: row["replicate_of"] or row["pruned_from"] or name for name, row in about.items()
    }
    origins = {name: origins[origin] for name, origin in origins.items()}
    structure, tested, agreement, replicates, variants = (
        [row for row in read(paths[name]) if row.get("subset", subset) == subset]
        for name in ("structure", "factors", "agreement", "replicates", "variants")
    )
    audits = [io.read_json(path) for path in paths["audits"]]
    n = max((audit["n"] for audit in audits), default=0)
    clades, communities, matrices, images = (
        {Path(path).parts[-4:-2]: reader(path) for path in paths[name]}
        for name, reader in (
            ("supports", read_clades),
            ("communities", io.read_table),
            ("dissimilarities", read_names),
            ("images", read_least),
        )
    )
    heads, unmatched, warnings = (
        read(paths["heads"]),
        read(paths["unmatched"]),
        sum(len(audit["warnings"]) for audit in audits),
    )
    localisation = {
        Path(path).stem: models.summarise_localisation(io.read_table(path))
        for path in paths["localisation"]
    }
    return {
        "Images": [
            models.sample_size_sentence(n),
            f"What follows is of {subset} images.",
            *([models.unmatched_sentence(unmatched, n)] if unmatched else []),
        ],
        "Groups": [
            *groups.structure_sentences(structure),
            *groups.clade_sentences(clades, structure, images, origins),
            *groups.community_sentences(communities, structure, images),
            *groups.left_out_sentences(matrices, communities),
        ],
        "Factors": factors.factor_sentences(tested),
        "Agreement": factors.agreement_sentences(agreement)
        + [sentence for path in paths["redundancy"] for sentence in describe_redundancy(path)],
        "Models": [
            *(
                models.localisation_sentence(
                    method, table, [name for name in about if name in table]
                )
                for method, table in localisation.items()
            ),
            *models.replicate_sentences(replicates),
            *([models.heads_sentence(heads)] if heads else []),
            *models.pruning_sentences(read(paths["pruning"])),
            *models.variant_sentences(variants, n),
            *([f"The audit has {warnings} warnings about maps."] if warnings else []),
        ],
    }


def read(path):
    """Return the rows of a table, none where there is no table."""
    return io.read_table(path) if path else []


def read_clades(path):
    """Return the parsed clades of a tree."""
    return parse_clades(io.read_table(path))


def read_names(path):
    """Return the names of a matrix."""
    return io.read_matrix(path)[1]


def read_least(path):
    """Return the least number of images behind a dissimilarity, of the matrix of these numbers."""
    return int(condensed(io.read_matrix(path)[0]).min(initial=10**9))


def describe_redundancy(path):
    """Return a sentence for each group of metrics that give one ranking under a method."""
    correlations, names = io.read_matrix(path)
    found = redundant_groups(correlations, names)
    return [
        (
            f"{Path(path).stem}: {', '.join(group)} rank all pairs and images alike (Spearman > "
            "0.999); count them once."
        )
        for group in found
    ]


def as_markdown(sections):
    """Return sections of sentences as Markdown."""
    parts = [
        f"## {title}\n\n" + "\n".join(f"- {sentence}" for sentence in sentences)
        for title, sentences in sections.items()
        if sentences
    ]
    return "\n\n".join([HEADING, *parts]) + "\n"


def from_markdown(text):
    """Return the sections of a text that `as_markdown` made."""
    parts = [part.splitlines() for part in text.split("\n## ")[1:]]
    return {title: [line.removeprefix("- ") for line in lines if line] for title, *lines in parts}
