"""How many patches, features and tokens an image makes, by the rule of each family's image processor.

A rule is a chain of formulas of one model: the size of the image after resizing, the patches that the tower takes,
the features that reach the language model, and the tokens of the sequence that stand for the image, with the row
breaks and marks that the processor itself writes (a chat template may add a start and an end mark more).
Where a processor works with floating-point numbers the formulas are exact; they differ from it only where a side
falls on a rounding edge. Sources: the papers named at each rule; transformers' image processors, version 5.23.
"""

from __future__ import annotations

import sympy
from sympy import Integer, Max, Min, Rational, ceiling, floor, sqrt

from symllm.formula import Example, Formula
from symllm.symbols import NamedSymbol

from .notation import A_max, A_min, H_img, W_img, g_col, g_row, m_img, n_feat, n_p, n_tile, p, r_img, s_img

ARITHMETIC = "arithmetic"

x_row = NamedSymbol("x_row", title="rows as given", meaning="image height in merged patches, rounded to the nearest",
                    domain="count or zero", rank=901)  # fmt: skip
x_col = NamedSymbol("x_col", title="columns as given", meaning="image width in merged patches, rounded to the nearest",
                    domain="count or zero", rank=902)  # fmt: skip
z_row = NamedSymbol("z_row", title="most rows squared", meaning="square of the rows that fill the most pixels",
                    domain="amount", rank=903)  # fmt: skip
z_col = NamedSymbol("z_col", title="most columns squared", meaning="square of the columns that fill the most pixels",
                    domain="amount", rank=904)  # fmt: skip
y_row = NamedSymbol("y_row", title="least rows squared", meaning="square of the rows that fill the fewest pixels",
                    domain="amount", rank=905)  # fmt: skip
y_col = NamedSymbol("y_col", title="least columns squared", meaning="square of the columns that fill the fewest pixels",
                    domain="amount", rank=906)  # fmt: skip
x_fit = NamedSymbol("x_fit", title="scale", meaning="by how much an image is scaled to its grid of tiles", domain="amount", rank=907)


def patches(expression: sympy.Expr, because: str, example: Example, source: str = "arXiv:2010.11929") -> Formula:
    """The patches of one image (or tile)."""
    return Formula("image_patches", n_p, expression, because, source, example)


def features(expression: sympy.Expr, because: str, example: Example, source: str) -> Formula:
    """The vectors that one image gives to the language model."""
    return Formula("image_features", n_feat, expression, because, source, example)


def tokens(expression: sympy.Expr, because: str, example: Example, source: str) -> Formula:
    """The tokens of the sequence that stand for one image."""
    return Formula("image_tokens", s_img, expression, because, source, example)


def square(source: str) -> Formula:
    """The patches of a tower that takes squares of one size."""
    return patches(floor(r_img / p) ** 2, "Every image is resized to the tower's square and cut into patches.",
                   Example({r_img: 336, p: 14}, Integer(576)), source)  # fmt: skip


def same(source: str) -> Formula:
    """As many tokens as features."""
    return tokens(n_feat, "Each feature takes the place of one token.", Example({n_feat: 576}, Integer(576)), source)


def merged(source: str) -> tuple[Formula, ...]:
    """Patches, features and tokens of a grid of features, each merged from a square of patches."""
    return (
        patches(g_row * g_col * m_img**2, "Each feature is merged from a square of patches.",
                Example({g_row: 37, g_col: 37, m_img: 2}, Integer(5476)), source),
        features(g_row * g_col, "One feature for each place of the grid.", Example({g_row: 37, g_col: 37}, Integer(1369)), source),
        same(source),
    )  # fmt: skip


def nearest(value: sympy.Expr) -> sympy.Expr:
    """The nearest whole number, halves to the even one."""
    return floor(value + Rational(1, 2)) + ceiling((2 * value - 1) / 4) - floor((2 * value - 1) / 4) - 1


def positive(difference: sympy.Expr) -> sympy.Expr:
    """1 where a whole number is above 0, else 0."""
    return Min(1, Max(0, difference))


def smart_resize(source: str) -> tuple[Formula, ...]:
    """Qwen2-VL's rule: sides to the nearest multiple of p·m; shrunk or enlarged where the pixels leave [A_min, A_max].

    The ratio of the sides is kept as well as it goes. Qwen2-VL, arXiv:2409.12191, section 2.1.
    """
    side = p * m_img
    area = x_row * x_col * side**2
    over, under = positive(area - A_max), positive(A_min - area)
    sizes = {p: 14, m_img: 2, H_img: 1024, W_img: 2048, A_max: 1003520, A_min: 3136}
    by_row = Example({x_row: 37, x_col: 73, z_row: Rational(640), y_row: 2, p: 14, m_img: 2, A_max: 1003520, A_min: 3136}, Integer(25))
    by_col = Example({x_row: 37, x_col: 73, z_col: Rational(2560), y_col: 8, p: 14, m_img: 2, A_max: 1003520, A_min: 3136}, Integer(50))
    given = "Each side is rounded to the nearest whole number of merged patches."
    fills = "With the image's own ratio of sides, this square root fills the limit."
    kept = "The rounded side, unless the image has too many pixels or too few: then the side that fills the limit."
    return (
        Formula("image_rows_given", x_row, nearest(H_img / side), given, source, Example({H_img: 1024, p: 14, m_img: 2}, Integer(37))),
        Formula("image_columns_given", x_col, nearest(W_img / side), given, source, Example({W_img: 2048, p: 14, m_img: 2}, Integer(73))),
        Formula("image_rows_most", z_row, A_max * H_img / (W_img * side**2), fills, ARITHMETIC, Example(sizes, Integer(640))),
        Formula("image_columns_most", z_col, A_max * W_img / (H_img * side**2), fills, ARITHMETIC, Example(sizes, Integer(2560))),
        Formula("image_rows_least", y_row, A_min * H_img / (W_img * side**2), fills, ARITHMETIC, Example(sizes, Integer(2))),
        Formula("image_columns_least", y_col, A_min * W_img / (H_img * side**2), fills, ARITHMETIC, Example(sizes, Integer(8))),
        Formula("image_rows", g_row, (1 - over - under) * x_row + over * Max(1, floor(sqrt(z_row))) + under * ceiling(sqrt(y_row)),
                kept, source, by_row),
        Formula("image_columns", g_col, (1 - over - under) * x_col + over * Max(1, floor(sqrt(z_col))) + under * ceiling(sqrt(y_col)),
                kept, source, by_col),
        *merged(source),
    )  # fmt: skip


def longest_side(source: str) -> tuple[Formula, ...]:
    """Pixtral's rule: shrunk until no side is longer than r_img, then padded to whole merged patches; a break after each row.

    Pixtral 12B, arXiv:2410.07073, section 2.2.
    """
    scale = Min(1, r_img / H_img, r_img / W_img)
    side = p * m_img
    example = {H_img: 1024, W_img: 2048, r_img: 1540, p: 14, m_img: 2}
    because = "Shrunk where a side is too long, then cut into merged patches, the last one padded."
    grid = merged(source)[:2]
    return (
        Formula("image_rows", g_row, ceiling(floor(H_img * scale) / side), because, source, Example(example, Integer(28))),
        Formula("image_columns", g_col, ceiling(floor(W_img * scale) / side), because, source, Example(example, Integer(55))),
        *grid,
        tokens(n_feat + g_row, "A break ends each row, an end mark the last one.",
               Example({n_feat: 1540, g_row: 28}, Integer(1568)), source),
    )  # fmt: skip


def tile_grids(most: int) -> tuple[tuple[int, int], ...]:
    """Every grid (rows, columns) of at most `most` tiles."""
    return tuple((rows, columns) for rows in range(1, most + 1) for columns in range(1, most // rows + 1))


def tiles(most: int, source: str) -> tuple[Formula, ...]:
    """The tiles of the grid that fits best: the least enlarging that shrinks nothing, else the least shrinking; then the smallest grid.

    most: most tiles of one image. Symbols: H_img and W_img, pixels; r_img, pixels along a tile; n_tile.
    """
    # Nothing below is simplified: SymPy would compare each pair of some 50 terms, and find nothing.
    with sympy.evaluate(False):
        scales = {grid: Min(grid[0] * r_img / H_img, grid[1] * r_img / W_img) for grid in tile_grids(most)}
        huge = Integer(10**12)
        least = Min(*(scale + huge * (1 - Min(1, floor(scale))) for scale in scales.values()))
        largest = Max(*scales.values())
        some = Min(1, floor(largest))
        fit = some * least + (1 - some) * largest
        unequal = {grid: Min(1, ceiling(Max(scale - x_fit, x_fit - scale))) for grid, scale in scales.items()}
        chosen = Min(*(rows * columns + huge * unequal[rows, columns] for rows, columns in scales))
    given = {H_img: 1024, W_img: 1024, r_img: 336}
    return (
        Formula("tile_scale", x_fit, fit, "The least enlarging over all grids of tiles, or the least shrinking where none enlarges.",
                source, Example(given, Rational(336 * 4, 1024))),
        Formula("image_tiles", n_tile, chosen, "Of the grids that give this scale, the one with the fewest tiles.",
                source, Example({**given, x_fit: Rational(336 * 4, 1024)}, Integer(16))),
    )  # fmt: skip


def budget(most: sympy.Expr, source: str) -> tuple[Formula, ...]:
    """Gemma 4's rule: the largest grid of features, in the image's own ratio, of at most `most`; a mark before and after."""
    example = {H_img: 1024, W_img: 2048, most: 280}
    because = "Scaled so that at most that many features come of it, sides rounded down, never to nothing."
    grid = merged(source)[:2]
    return (
        Formula("image_rows_most", z_row, most * H_img / W_img, "With the image's own ratio of sides, its square root fills the limit.",
                ARITHMETIC, Example(example, Integer(140))),
        Formula("image_columns_most", z_col, most * W_img / H_img, "With the image's own ratio of sides, its square root fills the limit.",
                ARITHMETIC, Example(example, Integer(560))),
        Formula("image_rows", g_row, Min(most, Max(1, floor(sqrt(z_row)))), because, source,
                Example({z_row: 140, most: 280}, Integer(11))),
        Formula("image_columns", g_col, Min(most, Max(1, floor(sqrt(z_col)))), because, source,
                Example({z_col: 560, most: 280}, Integer(23))),
        *grid,
        tokens(n_feat + 2, "A mark stands before and after the image.", Example({n_feat: 253}, Integer(255)), source),
    )  # fmt: skip


def tile_tokens(source: str) -> tuple[Formula, ...]:
    """Llama 4: each tile, and where there are several the whole image once more, m by m patches shuffled into one feature.

    Every tile but the last of a row is followed by a separator, every row by another; marks open, name and close the image.
    """
    feature = n_p / m_img**2
    several = n_tile * positive(n_tile - 1)
    return (
        features(WITH_WHOLE * feature, "A tile gives its patches, merged; several tiles are joined by the whole image, made small.",
                 Example({n_tile: 4, n_p: 576, m_img: 2}, Integer(720)), source),
        tokens(n_feat + several + 3, "One separator a tile, and three marks.", Example({n_feat: 720, n_tile: 4}, Integer(727)), source),
    )  # fmt: skip


#: Tiles that pass the tower where the whole image is added to several tiles.
WITH_WHOLE = n_tile + positive(n_tile - 1)
