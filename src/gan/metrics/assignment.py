"""The best pairs of two sets, each member in one pair at most: the assignment problem (Kuhn, 1955)."""

import numpy as np
from torch import Tensor

__all__ = ["best_pairs"]


def best_pairs(gains: Tensor) -> list[tuple[int, int]]:
    """Pair rows with columns so that the sum of the pairs' gains is the largest.

    Rows come in one by one, each along a shortest augmenting path of reduced costs (Jonker and Volgenant, 1987), which
    is exact and takes O(N² M) steps for N rows of M columns, N ≤ M.

    Args:
        gains: Of each row with each column, with shape (N, M).

    Returns:
        As many pairs (row, column) as the smaller of the two has members, in order of rows.
    """
    if gains.shape[0] > gains.shape[1]:
        return sorted((row, column) for column, row in best_pairs(gains.T))
    cost = -gains.cpu().double().numpy()
    rows, columns = cost.shape
    free, start = rows, columns  # no row; and a column where paths begin
    of_row, of_column = np.zeros(rows + 1), np.zeros(columns + 1)  # potentials: reduced costs stay at least 0
    partner = np.full(columns + 1, free)
    for row in range(rows):
        slack, before = np.full(columns + 1, np.inf), np.full(columns + 1, start)
        reached = np.zeros(columns + 1, dtype=bool)
        partner[start], column = row, start
        while partner[column] != free:
            reached[column] = True
            reduced = cost[partner[column]] - of_row[partner[column]] - of_column[:start]
            nearer = ~reached[:start] & (reduced < slack[:start])
            slack[:start][nearer], before[:start][nearer] = reduced[nearer], column
            nearest = int(np.where(reached, np.inf, slack).argmin())
            step = slack[nearest]
            of_row[partner[reached]] += step
            of_column[reached] -= step
            slack[~reached] -= step
            column = nearest
        while column != start:  # hand partners on along the path
            partner[column] = partner[before[column]]
            column = int(before[column])
    return sorted((int(row), column) for column, row in enumerate(partner[:start]) if row != free)
