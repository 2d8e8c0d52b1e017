"""User-supplied matrices, before the first job."""

from lookalike.compare.user_matrices import read_given_matrix
from lookalike.core.errors import InputError, near_names
from lookalike.workflow.plan import Plan


def check_matrices(plan: Plan) -> None:
    """Read all user-supplied matrices, so that a bad one is refused before the first job; refuse
    models that are described, and that none of them holds.
    """
    found = [
        name
        for matrix in plan.matrices.values()
        for name in read_given_matrix(matrix.path, matrix.kind, matrix.names)[1]
    ]
    for name, model in plan.models.items():
        if not (model.timm or model.maps or name in found):
            raise InputError(
                f"config: models.{name}: no matrix holds it{near_names(name, found)}; a model that "
                "is in none needs `timm: NAME`, `replicate_of: MODEL` or `maps: FOLDER`"
            )
