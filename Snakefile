"""lookalike: which vision models look at the same places."""

from snakemake.exceptions import WorkflowError
from snakemake.utils import min_version

from lookalike.core.errors import InputError, lacks

min_version("9.0")

# Snakemake often lives in an environment of its own.
try:
    import lookalike.workflow.plan
    from lookalike.workflow.config_files import check_files
except ModuleNotFoundError as error:
    raise WorkflowError(lacks(error)) from None


# As a module, the config is part of another workflow's.
if not workflow.modifier.skip_configfile:
    try:
        check_files(workflow.overwrite_configfiles or ["config.yaml"])
    except InputError as error:
        raise WorkflowError(str(error)) from None

# A config given on the command line replaces the demo's, and is not merged into it.
if not workflow.overwrite_configfiles:

    configfile: "config.yaml"


include: "rules/common.smk"
include: "rules/helpers/outputs.smk"
include: "rules/helpers/resources.smk"
include: "rules/helpers/images.smk"
include: "rules/images.smk"
include: "rules/helpers/models.smk"
include: "rules/models.smk"
include: "rules/helpers/heads.smk"
include: "rules/heads.smk"


if PLAN.target == "consensus":

    include: "rules/consensus.smk"


include: "rules/helpers/maps.smk"
include: "rules/maps.smk"
include: "rules/many_maps.smk"
include: "rules/helpers/compare.smk"
include: "rules/compare.smk"
include: "rules/groups.smk"
include: "rules/helpers/inference.smk"
include: "rules/inference.smk"
include: "rules/helpers/studies.smk"


for study in PLAN.studies:

    include: f"rules/studies/{study}.smk"


include: "rules/helpers/figures.smk"
include: "rules/figures.smk"
include: "rules/helpers/report.smk"
include: "rules/report.smk"
include: "rules/helpers/all.smk"
include: "rules/helpers/forecast.smk"


rule all:
    """Every file that the config asks for: what was deleted is made again."""
    default_target: True
    input:
        unpack(tables_to_report),
        folders=all_folders,
        images=ALL_IMAGES,
        models=ALL_MODELS,
        maps=ALL_MAPS,
        pairs=ALL_PAIRS,
        matrices=ALL_MATRICES,
        groups=ALL_GROUPS,
        tests=ALL_TESTS,
        figures=ALL_FIGURES,
        studies=ALL_STUDIES,
        findings=outputs(rules.write_findings),
        report=outputs(rules.write_report),
