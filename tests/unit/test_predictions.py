"""How differently models predict."""

import numpy as np

from lookalike.models.predictions import disagreements


def predictions_of(classes, predicted):
    logits = np.array(predicted, float)[:, None]
    return {
        "images": np.array(["i0", "i1", "i2", "i3"]),
        "classes": np.array(classes),
        "predicted": np.array(predicted),
        "logits": logits,
    }


def test_disagreement_is_the_share_of_images_that_are_classified_differently():
    found = disagreements(
        {
            "a": predictions_of(["cat", "dog"], [0, 0, 1, 1]),
            "b": predictions_of(["dog", "cat"], [1, 0, 0, 1]),
        }
    )
    np.testing.assert_array_equal(found, [[0, 0.5], [0.5, 0]])


def test_disagreement_of_scores_is_how_far_they_are_apart():
    found = disagreements(
        {
            "a": predictions_of(["score"], [0, 0, 1, 1]),
            "b": predictions_of(["score"], [1, 0, 3, 2]),
        },
        scores=True,
    )
    np.testing.assert_array_equal(found, [[0, 1], [1, 0]])


def test_disagreement_of_models_that_know_different_classes_is_not_known(capsys):
    found = disagreements(
        {
            "a": predictions_of(["cat", "dog"], [0, 0, 1, 1]),
            "b": predictions_of(["car", "bus"], [1, 0, 0, 1]),
        }
    )
    assert np.isnan(found).all() and "the models know different classes" in capsys.readouterr().out
