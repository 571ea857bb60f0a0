"""Runs that an expression picks, in the order that keys give: SQL's WHERE over everything of a run.

Each kind of thing is a table with one row: `runs` (what `runs` lists, and more), `scores` (by
metric), `recipe`, `costs`, and `metrics` (the last logged value of each). A name that stands alone
is looked for in that order; `recipe.loss` says which is meant. The user's words are compiled behind
an authorizer that lets them read these tables, and stopped when they take too long.

Text is compared without regard to case or width: `ＡＲＣＦＡＣＥ` is `arcface`, `ｶﾒﾗ` is `カメラ`.
Of a list, such as the tags, it is enough that one item is equal.
"""

import re
import sqlite3
import unicodedata
from collections.abc import Sequence
from contextlib import closing

from atarimae.errors import UsageError, unknown_name
from atarimae.runlog.facts import BETWEEN, FACTS, Thing, Value, columns, tables
from atarimae.runlog.reader import Run

TABLES = ("runs", "scores", "recipe", "costs", "metrics")  # in the order of `facts.tables`
NUMBER = '"\x1f"'  # the column of a run's number, that no one can name by chance
FUNCTIONS = (
    "abs", "coalesce", "date", "datetime", "ifnull", "iif", "instr", "julianday", "length", "like",
    "lower", "ltrim", "max", "min", "avg", "count", "sum", "nullif", "round", "rtrim", "strftime",
    "substr", "trim", "typeof", "unixepoch", "upper",
)  # fmt: skip
MOST_STEPS = 2_000  # of 10,000 instructions each: a second or two
EXAMPLE = "Write it as SQL's WHERE: score > .7 and loss = 'arcface'"
LONGEST = 1_000_000  # characters of a text that an expression may make

_TOKEN = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|[^\W\d]\w*(?:[@/-]\w+)*|.""", re.DOTALL)


def pick(runs: Sequence[Run], where: str | None = None, sort: str | None = None) -> list[Run]:
    """The runs for which `where` is true, ordered by the keys in `sort` (parted by commas).

    A key with `-` before it goes from high to low; runs without a value come last either way.
    Raises `UsageError` for an unknown column, with the nearest name, and for what is no expression.
    """
    if where is None and sort is None:
        return list(runs)
    try:
        return _pick(_Table(runs), where, sort)
    except _NoColumnError:  # perhaps a logged metric: of these all lines must be read
        table = _Table(runs, logged=True)
    try:
        return _pick(table, where, sort)
    except _NoColumnError as missing:
        raise table.unknown(*missing.args) from None


def _pick(table: "_Table", where: str | None, sort: str | None) -> list[Run]:
    found = list(range(len(table.runs))) if where is None else table.matching(where)
    for key in reversed([] if sort is None else sort.split(",")):
        found = table.sorted(found, key.strip())
    return [table.runs[number] for number in found]


class _NoColumnError(Exception):
    """The name of a column that is in no table, and whether it was written as "name"."""


class _Table:
    """The runs' facts, by table, run and column; a column goes by its name in any case."""

    def __init__(self, runs: Sequence[Run], *, logged: bool = False) -> None:
        self.runs = runs
        found = tables(runs, logged=logged)
        self.columns = {name: columns(rows) for name, rows in found.items()}
        self.columns["runs"] = list(FACTS)
        self.rows: dict[str, list[Thing]] = {
            name: [{key.casefold(): value for key, value in row.items()} for row in rows]
            for name, rows in found.items()
        }
        self._known = {name.casefold() for names in self.columns.values() for name in names}

    def matching(self, where: str) -> list[int]:
        """Numbers of the runs for which the expression is true."""
        tokens = _TOKEN.findall(where)
        _check_brackets(where, tokens)
        expression = "".join(self._quoted(token) for token in tokens)
        with closing(sqlite3.connect(":memory:")) as database:
            self._fill(database)
            with closing(_guard(database)):
                try:
                    return [row[0] for row in database.execute(_statement(expression))]
                except (sqlite3.Error, sqlite3.Warning) as error:
                    raise _refusal(where, str(error)) from None

    def sorted(self, numbers: Sequence[int], key: str) -> list[int]:
        """The same numbers ordered by one key; equal ones stay as they are."""
        values = self._values(key.removeprefix("-").replace('"', "").strip())
        there = [number for number in numbers if values[number] is not None]
        rest = [number for number in numbers if values[number] is None]
        down = key.startswith("-")
        return sorted(there, key=lambda number: _order(values[number]), reverse=down) + rest

    def unknown(self, name: str, quoted: bool = False) -> UsageError:
        """The error for a column that is not there."""
        table, _, column = name.partition(".")
        if table in self.columns and column:
            return unknown_name("column", column, self.columns[table], f" in {table}")
        every = {column for names in self.columns.values() for column in names}
        error = unknown_name("column", name, every)
        text = f" Text is written '{name}'." if quoted else ""
        return UsageError(error.what, error.found, error.fix + text)

    def _values(self, name: str) -> list[Value]:
        table, _, column = name.casefold().partition(".")
        named = [(table, column)] if table in self.columns else []
        for place, wanted in [*named, *((table, name.casefold()) for table in self.columns)]:
            if wanted in map(str.casefold, self.columns[place]):
                return [row.get(wanted) for row in self.rows[place]]
        raise _NoColumnError(name)

    def _quoted(self, token: str) -> str:
        """The token as SQLite needs it: `mrr@20` is a name, and "…" must be one that is there.

        SQLite would take "…" for text where it is no name, and a slip of the pen for a condition.
        """
        if token.startswith('"'):
            name = token[1:-1].replace('""', '"')
            if name.casefold() not in (*self._known, *self.columns):
                raise _NoColumnError(name, True)
        elif token.casefold() in self._known and not token.isidentifier():
            return f'"{token}"'
        return token

    def _fill(self, database: sqlite3.Connection) -> None:
        database.create_collation("people", _compare)
        for table, rows in self.rows.items():
            names = [name.casefold() for name in self.columns[table]]
            kinds = [f"{_name(name)} {_affinity(rows, name)} COLLATE people" for name in names]
            database.execute(f"CREATE TABLE {table} ({', '.join([NUMBER, *kinds])})")
            marks = ", ".join("?" * (len(names) + 1))
            lines = [(at, *(row.get(name) for name in names)) for at, row in enumerate(rows)]
            database.executemany(f"INSERT INTO {table} VALUES ({marks})", lines)


def _affinity(rows: Sequence[Thing], column: str) -> str:
    """Numbers are compared as numbers also with '320'; what may be text is left as it is."""
    values = [row[column] for row in rows if row.get(column) is not None]
    return "NUMERIC" if values and not any(isinstance(v, str) for v in values) else ""


def _statement(expression: str) -> str:
    """Each table in a scope of its own: SQLite looks for a name from the innermost outwards."""
    inner = f"(\n{expression}\n)"
    for table in TABLES[:-1]:
        same = f"{table}.{NUMBER} = {TABLES[-1]}.{NUMBER}"
        inner = f"EXISTS (SELECT 1 FROM {table} WHERE {same} AND {inner})"
    return f"SELECT {NUMBER} FROM {TABLES[-1]} WHERE {inner} ORDER BY {NUMBER}"


def _guard(database: sqlite3.Connection) -> sqlite3.Connection:
    """From here on the tables are read, and nothing else is done, for a few seconds at most.

    Returns the connection that LIKE is worked out in, to be closed.
    """
    plain = sqlite3.connect(":memory:", check_same_thread=False)

    def like(pattern: Value, value: Value, *escape: Value) -> int | None:
        words = [None if word is None else fold(str(word)) for word in (value, pattern)]
        ending = " ESCAPE ?" if escape else ""
        [found] = plain.execute(f"SELECT ? LIKE ?{ending}", (*words, *escape)).fetchone()
        return None if found is None else int(found)

    def allow(action: int, first: str | None, second: str | None, *_: object) -> int:
        reads = action == sqlite3.SQLITE_READ and first in TABLES
        calls = action == sqlite3.SQLITE_FUNCTION and second in FUNCTIONS
        return (
            sqlite3.SQLITE_OK
            if reads or calls or action == sqlite3.SQLITE_SELECT
            else sqlite3.SQLITE_DENY
        )

    steps = iter(range(MOST_STEPS))
    for arguments in (2, 3):
        database.create_function("like", arguments, like, deterministic=True)
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST)
    database.set_progress_handler(lambda: next(steps, None) is None, 10_000)
    database.set_authorizer(allow)
    return plain


def fold(text: str) -> str:
    """Text as it is compared: without regard to case, and to the width of Japanese letters."""
    return unicodedata.normalize("NFKC", text).casefold()


def _compare(first: str, second: str) -> int:
    a, b = fold(first), fold(second)
    if BETWEEN in a or BETWEEN in b:
        few, many = sorted((a.split(BETWEEN), b.split(BETWEEN)), key=len)
        if len(few) == 1 and few[0] in many:
            return 0
    return (a > b) - (a < b)


def _order(value: Value) -> tuple[bool, float, str]:
    text = isinstance(value, str)
    return text, 0.0 if text else float(value or 0), fold(str(value)) if text else ""


def _check_brackets(where: str, tokens: Sequence[str]) -> None:
    """The words must be one expression, that stays inside the brackets put around it."""
    depth = 0
    for token in tokens:
        depth += (token == "(") - (token == ")")
        if depth < 0 or token == ";":
            break
    open_quote = next((token for token in tokens if token in ("'", '"')), "")
    if depth or not where.strip() or ";" in tokens or open_quote:
        found = (
            "It is empty." if not where.strip()
            else f"A quote is not closed in: {where}" if open_quote
            else f"It is not one condition: {where}" if ";" in tokens
            else f"A bracket is not matched in: {where}"
        )  # fmt: skip
        raise UsageError("The search can't be understood.", found, EXAMPLE)


def _caret(where: str, said: str) -> str:
    """Where SQLite stumbled, as a mark below the words, or in its own words."""
    near = re.match(r'near "(.*)": syntax error', said, re.DOTALL)
    places = [match.start() for match in re.finditer(re.escape(near[1]), where)] if near else []
    if near and near[1] == ")" and not places:
        return "It ends too early."
    if near and len(places) == 1:
        return " " * sum(_wide(letter) for letter in where[: places[0]]) + "^ here"
    return f"Near '{near[1]}'." if near else f"{said[:1].upper()}{said[1:]}."


def _wide(letter: str) -> int:
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _refusal(where: str, said: str) -> Exception:
    """SQLite's words as an error in three parts."""
    if column := re.fullmatch(r"no such column: (.*)", said):
        return _NoColumnError(column[1])
    if function := re.fullmatch(r"(?:no such|not authorized to use) function: (.*)", said):
        return unknown_name("function", function[1], FUNCTIONS)
    if said == "interrupted":
        return UsageError("The search takes too long.", f"It is: {where}", "Ask for less.")
    if said.startswith(("access to", "not authorized", "no such table")):
        what = "The search reads runs, and nothing else."
        return UsageError(what, f"It is: {where}", "Write a condition on columns.")
    if said.startswith("Incorrect number of bindings"):
        said = "'?' and ':name' stand for no value here"
    return UsageError(
        "The search can't be understood.", f"{where}\n  {_caret(where, said)}", EXAMPLE
    )
