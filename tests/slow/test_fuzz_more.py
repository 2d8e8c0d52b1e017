"""The fuzz of the unit tests with ten times as many other inputs."""

import pytest
from fuzzing.kinds import KINDS
from fuzzing.trial import fuzz


@pytest.mark.parametrize("name", KINDS)
def test_more_files_end_in_right_values_or_in_one_line(name, tmp_path, monkeypatch):
    count = 10 * KINDS[name].count
    tried = fuzz(KINDS[name], tmp_path, monkeypatch, times=10, start=1)
    print(name, tried)
    assert tried["valid"] >= count / 3 and tried["valid"] + tried["odd"] >= count
