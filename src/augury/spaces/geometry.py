"""Plane geometry on plain tuples: 3x3 matrices and convex polygons. Continuous pixel coordinates.

Pixel (row i, column j) covers [j, j+1) x [i, i+1); only rendering kernels know of half pixels.
Tuples of floats, not arrays: a product costs a microsecond, which a pipeline pays for each step and record.
"""

from __future__ import annotations

import math

from augury.effects import Matrix, Point, Polygon

IDENTITY: Matrix = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)

_EPS = 1e-9


def translation(x: float, y: float) -> Matrix:
    """Return the shift by (x, y) pixels."""
    return (1.0, 0.0, x, 0.0, 1.0, y, 0.0, 0.0, 1.0)


def scaling(x: float, y: float) -> Matrix:
    """Return the scale by (x, y) about the origin."""
    return (x, 0.0, 0.0, 0.0, y, 0.0, 0.0, 0.0, 1.0)


def rotation(degrees: float) -> Matrix:
    """Return the rotation about the origin, anticlockwise as seen on a screen whose y axis points down."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return (c, s, 0.0, -s, c, 0.0, 0.0, 0.0, 1.0)


def shearing(x_degrees: float, y_degrees: float) -> Matrix:
    """Return the shear by angles along x and y."""
    tx, ty = math.tan(math.radians(x_degrees)), math.tan(math.radians(y_degrees))
    return (1.0, tx, 0.0, ty, 1.0, 0.0, 0.0, 0.0, 1.0)


def about(matrix: Matrix, x: float, y: float) -> Matrix:
    """Return ``matrix`` acting about the point (x, y) instead of the origin."""
    return compose(translation(x, y), compose(matrix, translation(-x, -y)))


def compose(second: Matrix, first: Matrix) -> Matrix:
    """Return the map that applies ``first``, then ``second``."""
    a, b, c, d, e, f, g, h, i = second
    p, q, r, s, t, u, v, w, x = first
    if g == 0.0 == h and v == 0.0 == w and i == 1.0 == x:
        return (
            a * p + b * s,
            a * q + b * t,
            a * r + b * u + c,
            d * p + e * s,
            d * q + e * t,
            d * r + e * u + f,
            0.0,
            0.0,
            1.0,
        )
    return (
        a * p + b * s + c * v, a * q + b * t + c * w, a * r + b * u + c * x,
        d * p + e * s + f * v, d * q + e * t + f * w, d * r + e * u + f * x,
        g * p + h * s + i * v, g * q + h * t + i * w, g * r + h * u + i * x,
    )  # fmt: skip


def determinant(m: Matrix) -> float:
    """Return the determinant; negative where the map mirrors (for homographies with a positive denominator)."""
    a, b, c, d, e, f, g, h, i = m
    return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)


def invert(m: Matrix) -> Matrix:
    """Return the inverse, scaled so that its last entry is 1 where that is possible."""
    a, b, c, d, e, f, g, h, i = m
    det = determinant(m)
    if abs(det) < 1e-12:
        raise ZeroDivisionError("a warp's matrix cannot be inverted (its determinant is 0)")
    if g == 0.0 == h and i == 1.0:
        return (e / det, -b / det, (b * f - c * e) / det, -d / det, a / det, (c * d - a * f) / det, 0.0, 0.0, 1.0)
    n = (
        e * i - f * h, c * h - b * i, b * f - c * e,
        f * g - d * i, a * i - c * g, c * d - a * f,
        d * h - e * g, b * g - a * h, a * e - b * d,
    )  # fmt: skip
    k = n[8] if abs(n[8]) > 1e-12 else det
    return tuple(v / k for v in n)  # type: ignore[return-value]


def is_affine(m: Matrix) -> bool:
    """Whether the map keeps parallels."""
    return m[6] == 0.0 == m[7] and m[8] == 1.0


def is_whole_pixel(m: Matrix) -> bool:
    """Whether the map only permutes whole pixels: flips, quarter turns and integer shifts."""
    a, b, c, d, e, f, g, h, i = m
    if g != 0.0 or h != 0.0 or i != 1.0 or c % 1.0 or f % 1.0:
        return False
    return (b == 0.0 == d and a * a == 1.0 == e * e) or (a == 0.0 == e and b * b == 1.0 == d * d)


def apply(m: Matrix, x: float, y: float) -> Point:
    """Map one point."""
    w = m[6] * x + m[7] * y + m[8]
    return ((m[0] * x + m[1] * y + m[2]) / w, (m[3] * x + m[4] * y + m[5]) / w)


def jacobian(m: Matrix, x: float, y: float) -> tuple[float, float, float, float]:
    """Return (dx'/dx, dx'/dy, dy'/dx, dy'/dy) at a point."""
    w = m[6] * x + m[7] * y + m[8]
    px, py = apply(m, x, y)
    return ((m[0] - px * m[6]) / w, (m[1] - px * m[7]) / w, (m[3] - py * m[6]) / w, (m[4] - py * m[7]) / w)


def least_scale(m: Matrix, width: float, height: float) -> float:
    """Return the smallest local scale of the map over a source canvas (its smaller singular value, at the corners)."""
    spots = ((0.0, 0.0),) if is_affine(m) else rectangle(width, height)
    least = math.inf
    for x, y in spots:
        a, b, c, d = jacobian(m, x, y)
        s = a * a + b * b + c * c + d * d
        det = abs(a * d - b * c)
        least = min(least, math.sqrt(max(0.0, (s - math.sqrt(max(0.0, s * s - 4 * det * det))) / 2)))
    return least


def rectangle(width: float, height: float) -> Polygon:
    """Return the canvas [0, width] x [0, height] as a polygon."""
    return ((0.0, 0.0), (width, 0.0), (width, height), (0.0, height))


def transform(m: Matrix, polygon: Polygon) -> Polygon:
    """Map a convex polygon. What lies behind a homography's horizon is cut away first."""
    if is_affine(m):
        a, b, c, d, e, f = m[:6]
        return tuple([(a * x + b * y + c, d * x + e * y + f) for x, y in polygon])
    front = cut(polygon, (m[6], m[7], m[8] - 1e-6))
    return tuple(apply(m, x, y) for x, y in front)


def cut(polygon: Polygon, line: tuple[float, float, float]) -> Polygon:
    """Return the part of a convex polygon where a*x + b*y + c >= 0 (one step of Sutherland and Hodgman's clipping)."""
    if not polygon:
        return ()
    a, b, c = line
    out: list[Point] = []
    qx, qy = polygon[-1]
    t = a * qx + b * qy + c
    for p in polygon:
        x, y = p
        s = a * x + b * y + c
        if (s >= 0) != (t >= 0):
            k = t / (t - s)
            out.append((qx + k * (x - qx), qy + k * (y - qy)))
        if s >= 0:
            out.append(p)
        qx, qy, t = x, y, s
    return tuple(out) if len(out) >= 3 else ()


def signed_area(polygon: Polygon) -> float:
    """Return the area, negative where the corners run the other way round."""
    if not polygon:
        return 0.0
    total = 0.0
    px, py = polygon[-1]
    for x, y in polygon:
        total += px * y - x * py
        px, py = x, y
    return 0.5 * total


def area(polygon: Polygon) -> float:
    """Return the area of a polygon in square pixels; 0 for fewer than three corners."""
    return abs(signed_area(polygon))


def edges(polygon: Polygon) -> list[tuple[float, float, float]]:
    """Return the inward half-planes (a, b, c), a*x + b*y + c >= 0 inside, of a convex polygon."""
    turn = 1.0 if signed_area(polygon) >= 0 else -1.0
    out = []
    for i, (x1, y1) in enumerate(polygon):
        x0, y0 = polygon[i - 1]
        dx, dy = x1 - x0, y1 - y0
        if abs(dx) + abs(dy) > _EPS:
            out.append((-turn * dy, turn * dx, turn * (dy * x0 - dx * y0)))
    return out


def intersect(polygon: Polygon, convex: Polygon) -> Polygon:
    """Return the part of one convex polygon inside another; () where they do not meet."""
    if not convex:
        return ()
    for line in edges(convex):
        polygon = cut(polygon, line)
        if not polygon:
            return ()
    return polygon


def subtract(polygon: Polygon, convex: Polygon) -> list[Polygon]:
    """Return the part of a convex polygon outside another, as disjoint convex pieces."""
    if not convex or not polygon or _apart(polygon, convex):
        return [polygon]
    pieces = []
    for a, b, c in edges(convex):
        outside = cut(polygon, (-a, -b, -c))
        if area(outside) > _EPS:
            pieces.append(outside)
        polygon = cut(polygon, (a, b, c))
        if not polygon:
            break
    return pieces


def _apart(one: Polygon, other: Polygon) -> bool:
    """Whether the bounds of two polygons share no area."""
    a, b = bounds(one), bounds(other)
    return a[0] >= b[2] or b[0] >= a[2] or a[1] >= b[3] or b[1] >= a[3]


def contains(convex: Polygon, polygon: Polygon, slack: float = 1e-6) -> bool:
    """Whether every corner of ``polygon`` lies inside ``convex``, ``slack`` pixels of tolerance."""
    if not convex:
        return False
    if convex == polygon:
        return True
    turn = 1.0 if signed_area(convex) >= 0 else -1.0
    x0, y0 = convex[-1]
    for x1, y1 in convex:
        dx, dy = turn * (x1 - x0), turn * (y1 - y0)
        limit = -slack * (abs(dx) + abs(dy))
        for x, y in polygon:
            if dx * (y - y0) - dy * (x - x0) < limit:
                return False
        x0, y0 = x1, y1
    return True


def covers(convex: Polygon, width: float, height: float, slack: float = 1e-6) -> bool:
    """Whether a convex polygon holds the whole canvas [0, width] x [0, height]: `contains` of it, in half the time."""
    turn = 1.0 if signed_area(convex) >= 0 else -1.0
    px, py = convex[-1] if convex else (0.0, 0.0)
    for x, y in convex:
        a, b = turn * (py - y), turn * (x - px)
        least = -a * px - b * py + (a * width if a < 0.0 else 0.0) + (b * height if b < 0.0 else 0.0)
        if least < -slack * (abs(a) + abs(b)):
            return False
        px, py = x, y
    return bool(convex)


def bounds(polygon: Polygon) -> tuple[float, float, float, float]:
    """Return (x0, y0, x1, y1), the smallest upright box around a polygon."""
    xs, ys = [p[0] for p in polygon], [p[1] for p in polygon]
    return min(xs), min(ys), max(xs), max(ys)
