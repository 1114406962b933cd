"""Into which tiles an image is cut, and what comes of them, by the rules of the image processors that choose a grid.

Each rule ends in n_tile, the tiles without the whole image, which a tower takes besides them. As in `images`, the
formulas are exact where a processor rounds floating-point numbers. Sources: the papers named at each rule;
transformers' processors, version 5.23.
"""

from __future__ import annotations

from collections.abc import Sequence

import sympy
from sympy import Integer, Max, Min, Rational, ceiling, floor, sqrt

from symllm.formula import Example, Formula
from symllm.symbols import NamedSymbol

from .images import ARITHMETIC, positive, tile_grids, z_col, z_row
from .notation import H_img, W_img, g_col, g_row, m_img, n_tile, p, r_img

t_row = NamedSymbol("t_row", title="tile rows", meaning="rows of the grid of tiles", rank=951)
t_col = NamedSymbol("t_col", title="tile columns", meaning="columns of the grid of tiles", rank=952)
x_best = NamedSymbol("x_best", title="best grid's score", meaning="pixels kept by the best grid, then its area and place", domain="amount",
                     rank=953)  # fmt: skip
x_near = NamedSymbol("x_near", title="nearest ratio", meaning="how far the image's ratio of sides is from the nearest grid's", domain="amount",
                     rank=954)  # fmt: skip
u_row = NamedSymbol("u_row", title="rows without padding", meaning="rows of features that hold the image", rank=955)
u_col = NamedSymbol("u_col", title="columns without padding", meaning="columns of features that hold the image", rank=956)

HUGE = Integer(10**12)


def best_grid(pinpoints: Sequence[tuple[int, int]], side: int, source: str) -> tuple[Formula, ...]:
    """LLaVA-NeXT's rule: of the listed sizes the one that keeps the most pixels; of equal ones the smallest, then the first.

    pinpoints: (height, width) of each size in pixels; side: pixels along a tile. Liu et al. 2024, LLaVA-NeXT.
    """
    count = len(pinpoints)
    step = Integer((max(height * width for height, width in pinpoints) + 1) * count)
    # Nothing below is simplified: SymPy would compare each pair of some 40 terms, and find nothing.
    with sympy.evaluate(False):
        scores = [
            Min(Min(width, floor(W_img * height / H_img)) * Min(height, floor(H_img * width / W_img)), H_img * W_img) * step
            - (height * width * count + place)
            for place, (height, width) in enumerate(pinpoints)
        ]
        chosen = [1 - Min(1, x_best - score) for score in scores]
        best = Max(*scores)
        rows = sympy.Add(*(Integer(height // side) * hit for (height, _), hit in zip(pinpoints, chosen, strict=True)))
        columns = sympy.Add(*(Integer(width // side) * hit for (_, width), hit in zip(pinpoints, chosen, strict=True)))
    image = {H_img: pinpoints[-1][0], W_img: pinpoints[-1][1]}
    score = _value(best, image)
    because = "Of the grids, the one that keeps the most of the image's pixels."
    return (
        Formula("tile_score", x_best, best, because, source, Example(image, score)),
        Formula("tile_rows", t_row, rows, because, source, Example({**image, x_best: score}, Integer(pinpoints[-1][0] // side))),
        Formula("tile_columns", t_col, columns, because, source, Example({**image, x_best: score}, Integer(pinpoints[-1][1] // side))),
        all_tiles(source),
    )


def _value(expression: sympy.Expr, values: dict[sympy.Symbol, int]) -> sympy.Expr:
    return expression.xreplace({symbol: Integer(value) for symbol, value in values.items()}).doit()


def all_tiles(source: str) -> Formula:
    """Every place of the grid is a tile."""
    return Formula("image_tiles", n_tile, t_row * t_col, "Every place of the grid is a tile.", source,
                   Example({t_row: 2, t_col: 3}, Integer(6)))  # fmt: skip


def unpadded(source: str, most: int | None = None) -> tuple[Formula, ...]:
    """The grid of features of all tiles, less the rows or columns that only pad the image.

    most: tiles above whose features the grid is shrunk (LLaVA-OneVision, arXiv:2408.03326); None for no bound.
    """
    side = floor(r_img / p)
    high, wide = t_row * side, t_col * side
    values = {r_img: 336, p: 14, t_row: 2, t_col: 2, H_img: 1024, W_img: 2048}
    because = "What only pads the image to the grid is cut off, evenly on both sides."
    rows = high - 2 * floor((high - Min(high, floor(H_img * wide / W_img))) / 2)
    columns = wide - 2 * floor((wide - Min(wide, floor(W_img * high / H_img))) / 2)
    if most is None:
        return (Formula("image_rows", g_row, rows, because, source, Example(values, Integer(24))),
                Formula("image_columns", g_col, columns, because, source, Example(values, Integer(48))))  # fmt: skip
    bound = most * side**2
    over = positive(100 * u_row * u_col - 121 * bound)
    shrunk = "Shrunk to the features of the most tiles where it has more than 1.21 times as many."
    grid, fills = {u_row: 27, u_col: 54, r_img: 384, p: 14}, "The square of the side that fills the most tiles in the grid's own ratio."
    least, most_squared = Rational(most * 27**2, 2), Integer(2 * most * 27**2)
    return (
        Formula("image_rows_unpadded", u_row, rows, because, source, Example(values, Integer(24))),
        Formula("image_columns_unpadded", u_col, columns, because, source, Example(values, Integer(48))),
        Formula("image_rows_most", z_row, bound * u_row / u_col, fills, ARITHMETIC, Example(grid, least)),
        Formula("image_columns_most", z_col, bound * u_col / u_row, fills, ARITHMETIC, Example(grid, most_squared)),
        Formula("image_rows", g_row, (1 - over) * u_row + over * Max(1, floor(sqrt(z_row))), shrunk, source,
                Example({**grid, z_row: least}, Integer(27 if most >= 2 else 19))),
        Formula("image_columns", g_col, (1 - over) * u_col + over * Max(1, floor(sqrt(z_col))), shrunk, source,
                Example({**grid, z_col: most_squared}, Integer(54 if most >= 2 else 38))),
    )  # fmt: skip


def nearest_ratio(most: int, source: str, least: int = 1) -> tuple[Formula, ...]:
    """InternVL's rule: the grid whose ratio of sides is nearest; of equal ones the largest of less than twice the image's area.

    most, least: most and fewest tiles. Chen et al. 2024, arXiv:2404.16821, section 3.2.
    """
    grids = [grid for grid in tile_grids(most) if grid[0] * grid[1] >= least]
    # Nothing below is simplified, as in `best_grid`.
    with sympy.evaluate(False):
        ratios = {grid: Rational(grid[1], grid[0]) for grid in grids}
        apart = {grid: Max(W_img / H_img - ratio, ratio - W_img / H_img) for grid, ratio in ratios.items()}
        nearest = Min(*apart.values())
        other = {grid: Min(1, ceiling(far - x_near)) for grid, far in apart.items()}
        fewest = Min(*(rows * columns + HUGE * other[rows, columns] for rows, columns in grids))
        small = {grid: positive(2 * H_img * W_img - grid[0] * grid[1] * r_img**2) for grid in grids}
        largest = Max(*(rows * columns * small[rows, columns] * (1 - other[rows, columns]) for rows, columns in grids))
        tiles = Max(fewest, largest)
    image = {H_img: 1024, W_img: 1024}
    square = max(side * side for side in range(1, most + 1) if least <= side * side <= min(most, 9))
    return (
        Formula("tile_ratio", x_near, nearest, "The grid whose width over height is nearest to the image's.", source,
                Example(image, Integer(0))),
        Formula("image_tiles", n_tile, tiles, "Of the grids that are equally near, the largest of less than twice the image's area.", source,
                Example({**image, x_near: 0, r_img: 448}, Integer(square))),
    )  # fmt: skip


def longest_tiles(times: int, source: str) -> tuple[Formula, ...]:
    """Idefics3's rule: the longest side is brought to a number of tiles, the other follows, padded to whole tiles.

    times: tiles along the longest side. Laurençon et al. 2024, arXiv:2408.12637.
    """
    because = "The longest side fills as many tiles; the other keeps the image's ratio, stretched to whole tiles."
    longest = times * r_img
    image = {H_img: 1024, W_img: 2048, r_img: 384}
    rows = Max(1, ceiling(Min(longest, floor(longest * H_img / W_img)) / r_img))
    columns = Max(1, ceiling(Min(longest, floor(longest * W_img / H_img)) / r_img))
    return (
        Formula("tile_rows", t_row, rows, because, source, Example(image, Integer(-(-times // 2)))),
        Formula("tile_columns", t_col, columns, because, source, Example(image, Integer(times))),
        all_tiles(source),
    )


def navit(most: int, longest: int, source: str) -> tuple[Formula, ...]:
    """Kimi-VL's rule: shrunk until it has at most `most` patches and no side of more than `longest`, padded to merged patches.

    Kimi Team 2025, arXiv:2504.07491. Where the number of patches is the bound, the side is the square root's.
    """
    counted = Max(1, floor(H_img / p)) * Max(1, floor(W_img / p))
    bound = longest * p
    high, wide = Min(H_img, sqrt(z_row), bound, bound * H_img / W_img), Min(W_img, sqrt(z_col), bound, bound * W_img / H_img)
    given = {H_img: 1024, W_img: 2048, p: 14}
    image, fills = {**given, m_img: 2}, "The square of the side at which the patches are the most."
    because = "Shrunk to the most patches, then padded to whole merged patches."
    return (
        Formula("image_rows_most", z_row, H_img**2 * most / counted, fills, ARITHMETIC,
                Example(given, Rational(1024**2 * most, 73 * 146))),
        Formula("image_columns_most", z_col, W_img**2 * most / counted, fills, ARITHMETIC,
                Example(given, Rational(2048**2 * most, 73 * 146))),
        Formula("image_rows", g_row, ceiling(Max(1, floor(high)) / (p * m_img)), because, source,
                Example({**image, z_row: 1024**2 * 2}, Integer(37))),
        Formula("image_columns", g_col, ceiling(Max(1, floor(wide)) / (p * m_img)), because, source,
                Example({**image, z_col: 2048**2 * 2}, Integer(74))),
    )
