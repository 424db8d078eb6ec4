"""Pipelines: steps compiled against a schema, run with keyed randomness, replayable.

pipe = augury.pipeline([{"image.rotate": {"angle_deg_range": (-30, 30)}}, {"image.flip": {"p": 0.5}}],
fields={"photo": "image", "boxes": {"kind": "boxes", "of": "photo"}})
out = pipe({"photo": image, "boxes": boxes}, seed=7, id="0001", copy=0)
out["photo"], out.lineage
"""

from augury.pipelines.compiled import Pipeline
from augury.pipelines.donors import Ring
from augury.pipelines.fields import parse_schema
from augury.pipelines.making import check_steps, pipeline
from augury.pipelines.output import Dropped, Output

__all__ = ["Dropped", "Output", "Pipeline", "Ring", "check_steps", "parse_schema", "pipeline"]
