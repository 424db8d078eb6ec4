"""The conformance kit over every op of this distribution."""

from augury.testing import OpConformance, ops_of


@ops_of("augury-tabular")
class TestOps(OpConformance):
    exempt = {
        "table.smote": {
            "draws_by_id_and_copy": "it moves the rows it was fitted on, known by id, and refuses another id"
        }
    }
