"""A fuzz of what people bring: every file ends in its right values or in one line, soon, and
nothing is written.
"""

import pytest
from fuzzing.kinds import KINDS
from fuzzing.trial import fuzz


@pytest.mark.parametrize("name", KINDS)
def test_files_end_in_right_values_or_in_one_line(name, tmp_path, monkeypatch):
    count = KINDS[name].count
    tried = fuzz(KINDS[name], tmp_path, monkeypatch)
    print(name, tried)
    assert tried["valid"] >= count / 3 and tried["valid"] + tried["odd"] >= count


def test_there_are_two_thousand_inputs():
    assert sum(kind.count for kind in KINDS.values()) >= 2000
