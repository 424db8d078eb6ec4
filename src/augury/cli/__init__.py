"""The ``augury`` command: one module for each verb, imported only when it is used."""
