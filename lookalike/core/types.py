"""Names of types that signatures share."""

import os
from typing import Any

# A path as a user or Snakemake gives it.
StrPath = str | os.PathLike[str]
# One row of a table: from the name of a column to its cell.
Row = dict[str, Any]
