"""What fine-tuning did: to the accuracy of each model, and to where it looks."""

from collections.abc import Mapping, Sequence

import numpy as np

from lookalike.core.types import Row
from lookalike.studies.finetuning_maps import NOT_TRAINED
from lookalike.studies.finetuning_starts import FRESH, OWN
from lookalike.studies.names import named
from lookalike.studies.shares import wilson_interval

SCORES = ("before", "before_low", "before_high", "after", "after_low", "after_high")
ACCURACY_COLUMNS = ("model", "n", "classes", "epochs", *SCORES, "chance")
EPOCH_COLUMNS = ("model", "epoch", "phase", "loss", "train_accuracy", "accuracy")


def tabulate_accuracies(sidecars: Mapping[str, Row], labels: Sequence[str]) -> list[Row]:
    """Tabulate the accuracy of every model on the validation images, before and after.

    Parameters
    ----------
    sidecars : dict
        From a model to what its training wrote.
    labels : list of str
        Of the validation images.

    Returns
    -------
    list of dict
        With `ACCURACY_COLUMNS`. `chance` is the share of the most frequent class: 1 / classes where
        all are as frequent.
    """
    n, rows = len(labels), []
    chance = max(labels.count(label) for label in set(labels)) / n
    for model, about in sidecars.items():
        row: Row = {"model": model, "n": n, "classes": len(about["classes"]), "chance": chance}
        row["epochs"] = len(about["epochs"]) - 1
        for when in ("before", "after"):
            share = about["accuracy"][when]
            low, high = wilson_interval(round(share * n), n)
            row |= {when: share, f"{when}_low": low, f"{when}_high": high}
        rows.append(row)
    return rows


def tabulate_epochs(sidecars: Mapping[str, Row]) -> list[Row]:
    """Tabulate the epochs of every training, with `EPOCH_COLUMNS`; `accuracy` is that on the
    training images that were held back.
    """
    return [
        {"model": model} | epoch for model, about in sidecars.items() for epoch in about["epochs"]
    ]


def idle_models(sidecars: Mapping[str, Row]) -> list[str]:
    """Return the models that were trained for no epoch."""
    return [model for model, about in sidecars.items() if len(about["epochs"]) < 2]


def conclude(accuracies: Sequence[Row], rows: Sequence[Row]) -> list[str]:
    """Say what fine-tuning did to accuracy, and to where models look.

    Parameters
    ----------
    accuracies : list of dict
        Of `tabulate_accuracies`.
    rows : list of dict
        Of `finetuning_maps.tabulate_maps`, or one row that is untested.
    """
    return [*conclude_accuracies(accuracies), *conclude_maps(rows)]


def conclude_accuracies(rows: Sequence[Row]) -> list[str]:
    """Say which accuracies there are, and which models are not above chance."""
    chance = rows[0]["chance"]
    before, after = (range_text(rows, when) for when in ("before", "after"))
    sentences = [
        f"Accuracy on {rows[0]['n']} validation images, with 95% intervals: before fine-tuning "
        f"{before}, after it {after}; chance is {chance:.1%}."
    ]
    if idle := [row["model"] for row in rows if not row["epochs"]]:
        sentences.append(
            f"{named(idle)}: {NOT_TRAINED} (0 epochs), so that the accuracy is that of the start."
        )
    if low := [row["model"] for row in rows if row["after_low"] <= chance]:
        sentences.append(
            f"{len(low)} of {len(rows)} models cannot be told to be above chance after "
            f"fine-tuning, since their 95% intervals hold it or lie below it: {named(low)}."
        )
    else:
        sentences.append("After fine-tuning, all 95% intervals lie above chance.")
    return sentences


def range_text(rows: Sequence[Row], when: str) -> str:
    """Return the lowest and the highest accuracy with their models and intervals."""
    ordered = sorted(rows, key=lambda row: row[when])
    shown = [ordered[0], ordered[-1]] if len(rows) > 1 else ordered
    return " to ".join(
        f"{row[when]:.1%} ({row['model']}, {row[f'{when}_low']:.1%} to {row[f'{when}_high']:.1%})"
        for row in shown
    )


def conclude_maps(rows: Sequence[Row]) -> list[str]:
    """Say how far maps moved against other models, replicates and chance, for each metric."""
    if not rows[0]["method"]:
        return [f"How far maps moved: cannot tell: {rows[0]['untested']}."]
    method, sentences = rows[0]["method"], []
    heads = {row["model"]: row["head"] for row in rows if row["untested"] != NOT_TRAINED}
    if own := [model for model, head in heads.items() if head == OWN]:
        sentences.append(
            "Maps before are of the class that the start's own head predicts, so that the change "
            f"of class is part of what moved: {named(own)}."
        )
    if fresh := [model for model, head in heads.items() if head == FRESH]:
        sentences.append(
            "Maps before are by a fresh head, so that its random weights are part of what moved: "
            f"{named(fresh)}."
        )
    for metric in dict.fromkeys(row["metric"] for row in rows):
        own_rows = [row for row in rows if row["metric"] == metric]
        known = [row for row in own_rows if not row["untested"]]
        about = f"{method}, {metric}"
        if not known:
            reasons = " and ".join(dict.fromkeys(row["untested"] for row in own_rows))
            sentences.append(f"{about}: how far maps moved: cannot tell: {reasons}.")
            continue
        sentences += conclude_metric(about, known)
    return sentences


def conclude_metric(about: str, rows: Sequence[Row]) -> list[str]:
    """Say how far maps moved under one metric; the last row is of all models, where there are
    several.
    """
    row, models = rows[-1], [row for row in rows if row["head"]]
    sentences = [
        f"{about}: from before to after, the maps of {row['n']} images differ by "
        f"{row['moved']:.3g} (95% interval {row['moved_low']:.3g} to {row['moved_high']:.3g}; "
        f"{row['model']}); {against(row, 'others', 'different models after fine-tuning')}; "
        f"{against(row, 'replicates', 'replicates of one model, which differ in the seed')}."
    ]
    if row["moved_to_chance_high"] < 1:
        text = f"those of the same image by less ({ratio_text(row, 'chance')})"
    elif np.isfinite(row["moved_to_chance_high"]):
        text = (
            f"those of the same image not clearly by less ({ratio_text(row, 'chance')}): nothing "
            "is seen to be left of where models looked"
        )
    else:
        text = "and whether those of the same image do so by less, cannot be told: too few images"
    sentences.append(
        f"{about}: maps before of one image and after of another differ by {row['chance']:.3g}, "
        f"{text}."
    )
    if len(models) > 1:
        least, *_, most = sorted(models, key=lambda row: row["moved"])
        apart = least["moved_high"] < most["moved_low"]
        sentences.append(
            f"{about}: the maps of {least['model']} moved least, by {interval_text(least)}, those "
            f"of {most['model']} most, by {interval_text(most)}"
            + ("." if apart else "; these intervals overlap.")
        )
    return sentences


def against(row: Row, name: str, what: str) -> str:
    """Return how that compares with one of the references, which may not be known."""
    low, high = (row[f"moved_to_{name}_{end}"] for end in ("low", "high"))
    if not np.isfinite(row[name]):
        return f"against {what}: cannot tell: there are none"
    if not np.isfinite([low, high]).all():
        return f"against {what}: cannot tell: too few images"
    word = "less than" if high < 1 else "more than" if low > 1 else "not clearly more or less than"
    return f"{word} {what} ({row[name]:.3g}; {ratio_text(row, name)})"


def ratio_text(row: Row, name: str) -> str:
    """Return a multiple of a reference with its interval."""
    ratio, low, high = (row[f"moved_to_{name}{end}"] for end in ("", "_low", "_high"))
    return f"{ratio:.2f} times that, 95% interval {low:.2f} to {high:.2f}"


def interval_text(row: Row) -> str:
    """Return how far a model's maps moved with its interval."""
    return f"{row['moved']:.3g} (95% interval {row['moved_low']:.3g} to {row['moved_high']:.3g})"
