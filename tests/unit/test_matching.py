"""Images of existing maps, matched across models; what does not match is named."""

import pytest

from lookalike.core.errors import InputError
from lookalike.maps.matching import check_classes, list_unmatched, match_images


def test_images_that_all_have_are_matched():
    assert match_images({"a": ["1", "2"], "b": ["2", "1"]}, common=False) == (["1", "2"], [])
    assert match_images({}, common=False) == ([], [])


def test_an_image_that_one_lacks_is_refused_or_left_out_and_reported():
    found = {"a": ["1", "2", "3"], "b": ["1", "2"], "c": ["1", "3"]}
    with pytest.raises(
        InputError,
        match=(
            r"c: has no map of image '2', but a has one \(2 such images: 1 in c, 1 in b\); add it, "
            r"or set images: {common: true}"
        ),
    ):
        match_images(found, common=False)
    images, unmatched = match_images(found, common=True)
    assert (images, unmatched) == (
        ["1"],
        [{"image": "2", "lacking": ["c"]}, {"image": "3", "lacking": ["b"]}],
    )
    assert [row["lacking"] for row in list_unmatched(["1", "2", "4"], images, unmatched)] == [
        "c",
        "b",
        "any of the given sets of maps",
    ]


@pytest.mark.parametrize("common", [True, False])
def test_models_that_share_no_image_with_most_others_are_named(common):
    found = {"b": ["3", "4"], "a": ["1", "2"], "c": ["2", "5"], "d": ["2"], "e": ["0-of-9"]}
    with pytest.raises(
        InputError,
        match=r"b, e: has no map of image '2', but of '3' and others. No image is common to all: "
        "maps of the same image need the same file name",
    ):
        match_images(found, common=common)


def test_an_id_of_images_of_two_classes_is_refused():
    check_classes({"a": {"1": "dog", "2": "cat"}, "b": {"1": "dog", "2": "cat", "3": "dog"}})
    # Folders that only one set has are no classes.
    check_classes({"a": {"1": "first", "2": "second"}, "b": {"1": "x", "2": "y"}})
    check_classes({"a": {"1": "maps", "2": "maps"}, "b": {"1": "maps", "2": "more"}})
    with pytest.raises(
        InputError, match="b: the map of image '1' lies in cat, but in a in dog; give patterns with"
    ):
        check_classes({"a": {"1": "dog", "2": "cat"}, "b": {"1": "cat", "2": "dog"}})
