"""All that is asked for by default, by stage: every file that is written, so that none is missed."""


def outputs_of(rule, keys, **names):
    """Return what a rule writes for each of several matrices."""
    return [path for key in keys for path in outputs(rule, **key._asdict(), **names)]


def all_folders(wildcards):
    """Return all folders; one that lost some of its files is made again, as if it were missing."""
    copied = [one for one in AUDITED if one[0] not in MANY_BLOCKS or one[0] in LOCALISED]
    folders = {placed(raw_maps_of(name, model)) for name, model in copied}
    written = map(placed, [*ALL_IMAGES, *ALL_MAPS, *ALL_FIGURES, *ALL_STUDIES])
    folders |= {path for path in written if Path(path).is_dir()}
    workflow.dag.forcefiles.update(filter(sums.has_lost_files, folders))
    return sorted(folders)


ALL_IMAGES = [
    *(outputs(rules.draw_demo_images) if IS_DEMO else []),
    *(outputs(rules.list_images) if PLAN.images.source else []),
    *(outputs(rules.sample_images) + [UNITS] if METHODS else []),
    *(outputs(rules.list_masks) if LOCALISED else []),
    *(outputs(rules.list_scores) if PLAN.headed else []),
    *([CONSENSUS] if PLAN.target == "consensus" else []),
]
ALL_MODELS = [
    *outputs(rules.finetune_model, model=PLAN.finetuned),
    *outputs(rules.import_checkpoint, model=PLAN.imported),
    *outputs(rules.extract_features, model=PLAN.headed),
    *outputs(rules.train_head, model=PLAN.headed),
    *outputs(rules.rank_channels, model=PLAN.headed if PLAN.pruned else []),
    *outputs(rules.prune_model, model=PLAN.pruned),
    *outputs(rules.predict_images, model=PLAN.computed),
    *(outputs(rules.tabulate_models) if MODELS else []),
]
ALL_MAPS = [
    *(
        path
        for name, model in EXPLAINED
        for path in outputs(rules.explain_images, explanation=name, model=model)
    ),
    *(path for name in METHODS for path in [*batches(name), *batch_cards(name)]),
]
ALL_PAIRS = [
    f"results/pairs/{method}/{metric}/{a}~{b}.npz"
    for method, metric in PLAN.comparisons
    for a, b in block_pairs(BLOCKS[method])
]
ALL_MATRICES = [
    *outputs_of(rules.aggregate_matrix, COMPUTED_KEYS),
    *outputs_of(rules.import_matrix, GIVEN_KEYS),
]
ALL_GROUPS = [
    *outputs_of(rules.link_models, PLAN.keys, linkage=LINKAGES),
    *outputs_of(rules.detect_communities, PLAN.keys),
    *outputs_of(rules.project_models, PLAN.keys),
]
ALL_TESTS = [
    *outputs_of(rules.test_structure, COMPUTED_KEYS),
    *(outputs(rules.compare_predictions) if PLAN.predicting and PLAN.keys else []),
    *outputs(rules.correlate_metrics, method=CORRELATED),
    *outputs(rules.compare_matrices, subset=PLAN.compared_subsets),
    *(outputs(rules.measure_alignment, model=PLAN.computed if ALIGNS else [])),
    *(outputs(rules.predict_scores, model=PLAN.computed if PLAN.headed else [])),
]
ALL_FIGURES = [
    *outputs_of(rules.draw_matrix, COMPUTED_KEYS),
    *outputs_of(rules.draw_given_matrix, GIVEN_KEYS),
    *outputs(rules.draw_agreement, subset=PLAN.compared_subsets),
    *(outputs(rules.draw_multiverse) if PLAN.keys else []),
    *(outputs(rules.draw_panels) if METHODS and PLAN.figures.panels else []),
    *(outputs(rules.draw_pruning) if PLAN.pruned else []),
]
ALL_STUDIES = [path for study in STUDIES.values() for path in study.files]


def figures_of_others():
    """Return the figures among the results that this config does not make."""
    made = set(map(placed, [*ALL_FIGURES, *ALL_STUDIES]))
    there = [path for name in ("figures", "studies") for path in Path(HOME, name).rglob("*")]
    return sorted(
        str(path)
        for path in there
        if path.suffix in (".svg", ".png", ".pdf")
        and made.isdisjoint(map(str, [path, *path.parents]))
    )


if workflow.is_main_process and (others := figures_of_others()):
    logger.warning(
        f"Among the figures are {len(others)} of another config, or of this one before it was changed "
        f"(such as {others[0]}). Remove them, or give each config a folder of its own, as with "
        "`results: second`."
    )
