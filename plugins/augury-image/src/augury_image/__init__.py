"""Images, masks, boxes, keypoints and polygons for augury: kinds, warps, colour, composition."""
