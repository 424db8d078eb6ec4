"""Tables and user-item interactions for augury: row operations, SMOTE, sequence operations."""
