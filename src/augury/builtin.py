"""The core's own plugin: the kinds of plain values and the common file formats. Its ids are reserved."""

from augury.plugin import FormatSpec, KindSpec, Plugin, hookimpl


@hookimpl
def augury_plugin() -> Plugin:
    """Return the built-in entries."""
    return Plugin(
        kinds=[
            KindSpec("number", "augury.scalars:Number", "A number, whole or not, with bounds and rounding."),
            KindSpec("category", "augury.scalars:Category", "One of a set of values."),
            KindSpec("ordinal", "augury.scalars:Ordinal", "One of a few values with an order."),
            KindSpec("distribution", "augury.scalars:Distribution", "Weights over categories: a mixed label."),
            KindSpec("datetime", "augury.scalars:Datetime", "A moment in time."),
            KindSpec("boolean", "augury.scalars:Boolean", "True or false."),
            KindSpec("id", "augury.scalars:Id", "A name of something, never computed with."),
        ],
        formats=[
            FormatSpec("parquet", "augury.formats.parquet:Parquet", "Apache Parquet.", (".parquet",), True, True),
            FormatSpec(
                "jsonl", "augury.formats.jsonl:JsonLines", "One JSON object a line.", (".jsonl", ".ndjson"), True, True
            ),
            FormatSpec("csv", "augury.formats.table:Csv", "Comma-separated values.", (".csv", ".tsv"), True, True),
            FormatSpec(
                "folder", "augury.formats.folder:Folder", "Files with a metadata file or class folders.", (), True, True
            ),
        ],
    )
