"""The family tree of runs: each run on a row of its own, its children below it.

A run's heir goes straight on below it, and the other children branch off to the right before that,
so that a long line of ideas stays narrow. The heir is the child on the way to the best run, else
the one with the most descendants, else the newest.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from atarimae.look.rows import told
from atarimae.runlog import Run
from atarimae.runlog.settings import differing

HIGH = 56  # px a row; look.css has the same
NARROW, WIDE = 8.0, 24.0  # px a lane, at least and at most
GUTTER = 132  # px for all lanes, on a phone too
FORMS = {  # by verdict: forms too, since not everybody tells red from green
    "helped": "M-7 5 0-7 7 5Z",
    "hurt": "M-7-5 0 7 7-5Z",
    "no difference seen": "M-6 0a6 6 0 1 0 12 0a6 6 0 1 0-12 0Z",
}
FAILED = "M-5-5 5 5M5-5-5 5"


@dataclass(frozen=True, slots=True)
class Node:
    """A run at its place."""

    run: Run
    row: int
    lane: int
    parent: "Node | None"
    changes: str  # settings that differ from the parent's
    on_way: bool  # to the best run


@dataclass(frozen=True, slots=True)
class Tree:
    """Nodes in order of rows."""

    nodes: tuple[Node, ...]
    best: str | None

    @property
    def lane(self) -> float:
        """How wide a lane is, px."""
        lanes = 1 + max((node.lane for node in self.nodes), default=0)
        return max(NARROW, min(WIDE, GUTTER / lanes))

    @property
    def gutter(self) -> float:
        """How wide the lines are, px."""
        return 12 + self.lane * (1 + max((node.lane for node in self.nodes), default=0))

    def lines(self) -> Markup:
        """The lines and marks as one SVG."""
        lane = self.lane
        edges = Markup("").join(_edge(node, lane) for node in self.nodes if node.parent)
        marks = Markup("").join(_mark(node, lane, self.best) for node in self.nodes)
        return Markup(
            '<svg class="lines" width="{:.0f}" height="{}" aria-hidden="true">{}{}</svg>'
        ).format(self.gutter, HIGH * len(self.nodes), edges, marks)


def tree(runs: Sequence[Run], best: str | None) -> Tree:
    """Lay out runs that are given oldest first; one whose parent isn't there stands at the root."""
    known = {run.id: run for run in runs}
    children: dict[str, list[Run]] = {run.id: [] for run in runs}
    for run in runs:
        if run.parent in known:
            children[str(run.parent)].append(run)
    roots = _roots(runs, children)
    way = set(_ancestry(best, known))
    sizes = _sizes(roots, children)
    nodes: list[Node] = []
    waiting: list[tuple[Run, int, Node | None]] = [(run, 0, None) for run in reversed(roots)]
    while waiting:
        run, lane, parent = waiting.pop()
        node = Node(run, len(nodes), lane, parent, _changes(run, parent), run.id in way)
        nodes.append(node)
        waiting.extend(_placed(node, children[run.id], way, sizes))
    return Tree(tuple(nodes), best)


def _roots(runs: Sequence[Run], children: Mapping[str, list[Run]]) -> list[Run]:
    """Runs without a parent; where files edited by hand make a circle, the oldest run in it."""
    known = {run.id for run in runs}
    roots: list[Run] = []
    reached: set[str] = set()
    for run in (*(run for run in runs if run.parent not in known), *runs):
        if run.id in reached:
            continue
        if run.parent in known:
            children[str(run.parent)].remove(run)
        roots.append(run)
        below = [run]
        while below:
            one = below.pop()
            reached.add(one.id)
            below.extend(children[one.id])
    return roots


def _placed(
    node: Node, children: Sequence[Run], way: set[str], sizes: Mapping[str, int]
) -> Iterator[tuple[Run, int, Node]]:
    """The children, the last to be drawn first: the heir, then the others from the newest."""
    if not children:
        return
    heir = max(enumerate(children), key=lambda one: (one[1].id in way, sizes[one[1].id], one[0]))[1]
    yield heir, node.lane, node
    for child in reversed(children):
        if child is not heir:
            yield child, node.lane + 1, node


def _sizes(roots: Sequence[Run], children: Mapping[str, Sequence[Run]]) -> dict[str, int]:
    """How many runs descend from each, itself included. Without recursion: a line may be long."""
    order = list(roots)
    for run in order:
        order.extend(children[run.id])
    sizes: dict[str, int] = {}
    for run in reversed(order):
        sizes[run.id] = 1 + sum(sizes[child.id] for child in children[run.id])
    return sizes


def _ancestry(id: str | None, known: Mapping[str, Run]) -> Iterator[str]:
    seen = set()
    while id in known and id not in seen:
        assert id is not None
        seen.add(id)
        yield id
        id = known[id].parent


def _changes(run: Run, parent: Node | None) -> str:
    if parent is None:
        return ""
    changed = differing([parent.run.recipe, run.recipe])
    return ", ".join(
        f"{name} {told(values[0]) if values[0] is not None else '–'} → "
        f"{told(values[1]) if values[1] is not None else '–'}"
        for name, values in changed.items()
    )


def _x(node: Node, lane: float) -> float:
    return 12 + lane * node.lane


def _y(node: Node) -> float:
    return HIGH * (node.row + 0.5)


def _edge(node: Node, lane: float) -> Markup:
    """Down the parent's lane, and round a corner where the child has another."""
    assert node.parent is not None
    x, y, to_x, to_y = _x(node.parent, lane), _y(node.parent), _x(node, lane), _y(node)
    corner = min(12.0, to_x - x)
    turn = (
        f"V{to_y - corner:.1f}Q{x:.1f} {to_y:.1f} {x + corner:.1f} {to_y:.1f}H{to_x:.1f}"
        if corner
        else f"V{to_y:.1f}"
    )
    on_way = node.on_way and node.parent.on_way
    return Markup('<path class="{}" d="M{:.1f} {:.1f}{}"/>').format(
        "way" if on_way else "edge", x, y, Markup(turn)
    )


def _mark(node: Node, lane: float, best: str | None) -> Markup:
    run = node.run
    said = str((run.verdict or {}).get("verdict") or "")
    form = FORMS.get(said, FORMS["no difference seen"])
    kind = {"helped": "helped", "hurt": "hurt"}.get(said, "seen" if said else "untold")
    if run.status in ("failed", "stopped", "interrupted"):
        form, kind = FAILED, "failed"
    elif run.status == "running":
        kind = "running"
    ring = Markup('<circle class="ring" r="11"/>') if run.id == best else Markup("")
    return Markup(
        '<g class="mark {}" transform="translate({:.1f} {:.1f})">{}<path d="{}"/></g>'
    ).format(kind, _x(node, lane), _y(node), ring, form)
