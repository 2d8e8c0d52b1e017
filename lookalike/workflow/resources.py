"""What jobs ask of a cluster: memory and time, by their rule and the size of their work.

The numbers are those of the page "Resources" of the documentation, where they were measured.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil

# Of every job, for Python and for the Snakemake that runs it on a node.
LEAST_MB = 500
LEAST_MINUTES = 5
# More time is refused by many partitions.
MOST_MINUTES = 2880
# More than was measured: other processors, busy disks, larger networks.
MARGIN_MB = 1.5
MARGIN_MINUTES = 3


@dataclass(frozen=True)
class Work:
    """The size of a job, as the config tells it before anything runs.

    Attributes
    ----------
    images, listed : int
        Images that are explained, and all of the source.
    side, map_side : int
        Of images and of maps, in pixels.
    models : int
        Models that the job compares, or whose values it reads.
    matrices : int
        Matrices that the job reads.
    batch, epochs : int
        Of a model's training.
    passes : int
        Through a network to explain one image.
    resamples : int
        Of the bootstrap, or permutations if they are more.
    """

    images: int = 0
    listed: int = 0
    side: int = 0
    map_side: int = 0
    models: int = 1
    matrices: int = 1
    batch: int = 0
    epochs: int = 0
    passes: int = 1
    resamples: int = 0

    @property
    def units(self) -> dict[str, float]:
        """How much of each unit of the table the job has, in millions."""
        pixels, map_pixels = self.side**2, self.map_side**2
        pairs = self.models * (self.models - 1) / 2
        amounts = {
            "batch pixels": self.batch * pixels,
            "source pixels": self.listed * pixels,
            "trained pixels": self.epochs * self.listed * pixels,
            "passed pixels": self.passes * self.images * pixels,
            "map pixels": self.images * self.models * map_pixels,
            "compared pixels": self.images * pairs * map_pixels,
            "values": self.images * pairs,
            "draws": self.resamples * pairs,
            "cells": self.matrices * self.models**2,
            "permuted cells": self.resamples * self.matrices * self.models**2,
        }
        return {name: amount / 1e6 for name, amount in amounts.items()}


@dataclass(frozen=True)
class Needs:
    """What a rule takes: at the least, and for each million units of its work."""

    mb: float = 100
    mb_for: dict[str, float] = field(default_factory=dict)
    seconds: float = 5
    seconds_for: dict[str, float] = field(default_factory=dict)


# Rules alike.
SMALL = Needs()
NETWORK = Needs(1100, {}, 20, {"passed pixels": 8})
OVER_SOURCE = Needs(1100, {"source pixels": 4}, 20, {"source pixels": 8})
MAPS = Needs(100, {"map pixels": 12}, 5, {"map pixels": 1})
VALUES = Needs(120, {"values": 100, "draws": 75}, 5, {"values": 5, "draws": 2})
TABLES = Needs(120, {"cells": 100, "draws": 50}, 5, {"cells": 100})
TESTS = Needs(180, {"cells": 100, "draws": 50}, 5, {"values": 5, "permuted cells": 0.3})
FIGURE = Needs(160, {"cells": 500}, 10, {"cells": 100})

NEEDS = {
    "draw_demo_images": Needs(100, {}, 5, {"source pixels": 1}),
    "download_images": Needs(100, {}, 300, {"source pixels": 1}),
    "list_images": Needs(100, {}, 5, {"source pixels": 0.3}),
    "list_given_images": SMALL,
    "list_masks": SMALL,
    "list_scores": SMALL,
    "list_unmatched_images": SMALL,
    "sample_images": SMALL,
    "group_images": SMALL,
    "group_given_images": MAPS,
    "finetune_model": Needs(
        900, {"batch pixels": 2000, "source pixels": 4}, 20, {"trained pixels": 24}
    ),
    "import_checkpoint": NETWORK,
    "predict_images": NETWORK,
    "tabulate_models": SMALL,
    "extract_features": OVER_SOURCE,
    "train_head": OVER_SOURCE,
    "rank_channels": OVER_SOURCE,
    "prune_model": SMALL,
    "predict_scores": OVER_SOURCE,
    "measure_alignment": OVER_SOURCE,
    "measure_heads": SMALL,
    "compare_variants": TABLES,
    "draw_pruning": FIGURE,
    "choose_targets": SMALL,
    "explain_images": Needs(2000, {}, 20, {"passed pixels": 25}),
    "import_maps": MAPS,
    "view_many_maps": MAPS,
    "batch_maps": MAPS,
    "audit_maps": MAPS,
    "measure_localisation": MAPS,
    "compare_models": Needs(180, {"map pixels": 24}, 5, {"compared pixels": 5}),
    "aggregate_matrix": VALUES,
    "import_matrix": SMALL,
    "link_models": VALUES,
    "detect_communities": Needs(200, {"draws": 60}, 5, {"draws": 5}),
    "project_models": VALUES,
    "test_structure": VALUES,
    "compare_replicates": TABLES,
    "correlate_metrics": Needs(120, {"values": 500}, 5, {"values": 20}),
    "measure_explainer_error": Needs(180, {"map pixels": 24}, 5, {"map pixels": 5}),
    "compare_predictions": SMALL,
    "test_factors": TESTS,
    "tabulate_tests": SMALL,
    "compare_matrices": TESTS,
    "validate_metrics": Needs(180, {"map pixels": 24}, 60, {"compared pixels": 5}),
    "simulate_power": Needs(180, {}, 120),
    # Of studies that read what was computed before.
    "study": TESTS,
    # Some seconds a page, of up to 60.
    "study_explanation_panels": Needs(200, {"map pixels": 12}, 180, {"map pixels": 15}),
    "study_artefacts": Needs(180, {"map pixels": 24}, 20, {"map pixels": 2, "compared pixels": 5}),
    "study_gradcam_grids": Needs(180, {"map pixels": 24}, 20, {"map pixels": 10}),
    "study_faithfulness": Needs(2000, {}, 30, {"passed pixels": 10}),
    "study_kernelshap_samples": Needs(2000, {}, 30, {"passed pixels": 25}),
    "study_depth": Needs(2000, {"map pixels": 24}, 60, {"passed pixels": 25}),
    "study_sanity": Needs(2000, {"map pixels": 24}, 60, {"passed pixels": 25}),
    "study_method_hyperparameters": Needs(2000, {"map pixels": 24}, 60, {"passed pixels": 25}),
    "study_finetuning_effect": Needs(2000, {"map pixels": 24}, 30, {"passed pixels": 25}),
    # At twice the size of the images.
    "study_shared_transforms": Needs(2000, {}, 60, {"passed pixels": 30}),
    "draw_validation": FIGURE,
    "draw_power": FIGURE,
    "draw_matrix": FIGURE,
    "draw_agreement": FIGURE,
    "draw_multiverse": FIGURE,
    "draw_panels": Needs(160, {"map pixels": 12}, 10, {"map pixels": 15}),
    "write_findings": TABLES,
    "write_report": FIGURE,
}


def megabytes(rule: str, work: Work, attempt: int) -> int:
    """Return the memory that a job asks for, in megabytes: twice as much at each new attempt."""
    needs, units = NEEDS[rule], work.units
    found = needs.mb + sum(each * units[unit] for unit, each in needs.mb_for.items())
    return 2 ** (attempt - 1) * (LEAST_MB + ceil(MARGIN_MB * found))


def minutes(rule: str, work: Work, attempt: int) -> int:
    """Return the time that a job asks for, in minutes: twice as much at each new attempt."""
    needs, units = NEEDS[rule], work.units
    found = needs.seconds + sum(each * units[unit] for unit, each in needs.seconds_for.items())
    asked = 2 ** (attempt - 1) * max(LEAST_MINUTES, ceil(MARGIN_MINUTES * found / 60))
    return min(asked, MOST_MINUTES)
