"""Which rows of a small table meet a condition, as DuckDB says. Writes oracles/conditions.json.

A function of every row (`AVG`) is written here as the query that it stands for.

    pip install duckdb; python make_conditions.py
"""

import json
import math
import pathlib
import re

import duckdb

NAN = float("nan")
COLUMNS = {
    "id": ("BIGINT", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
    "steps": ("BIGINT", [200, 200, 7, 51, 1000, 200, 12, 0, 64, 999]),
    "return": ("DOUBLE", [-150.5, 0.0, 12.25, NAN, 3200.0, -0.0, 1e-3, math.inf, -7.0, 99.5]),
    "score": ("DOUBLE", [None, 1.0, 0.5, None, 112.5, 0.0, NAN, 100.0, None, 63.0]),
    "terminated": ("BOOLEAN", [True, False, False, True, False, True, None, False, None, True]),
    "truncated": ("BOOLEAN", [False, True, None, False, True, False, True, False, None, True]),
    "part": ("VARCHAR", ["train", "held-out", "train", "calibration", "Train", "", None, "held_out", "50%", "train"]),
    "flags": ("VARCHAR", ["", "A1, B2", "B2", None, "", "it's", "É", "a.b", "line\nbreak", "A1"]),
}
MANY = ["AVG", "COUNT", "MAX", "MEDIAN", "MIN", "QUANTILE_CONT", "STDDEV", "SUM"]
CONDITIONS = """
"return" > 0
"return" < -1e-2
return >= .001
return = 0
return <> 0
return > 1e300
return = return
return <= steps
ISNAN(return)
NOT ISNAN(score)
score IS NULL
score IS NOT NULL
NOT (score > 1)
score > 1 OR score IS NULL
score BETWEEN 0 AND 100
score NOT BETWEEN 0.5 AND 63
score IN (0.5, 1, 63)
score NOT IN (0.5, 1)
score IN (1, NULL)
score NOT IN (1, NULL)
score = NULL
score IS DISTINCT FROM 1
score IS NOT DISTINCT FROM NULL
terminated
NOT terminated
terminated AND truncated
terminated OR truncated
NOT (terminated OR truncated)
NOT terminated AND NOT truncated
terminated IS TRUE
terminated IS NOT TRUE
terminated IS FALSE OR truncated IS NOT FALSE
terminated IS NULL
terminated = truncated
terminated <> truncated
terminated = 1
terminated IS NOT DISTINCT FROM truncated
id > 2 AND id < 5 OR id = 9
id > 2 AND (id < 5 OR id = 9)
NOT id > 2 AND id < 5
id < 5 AND NOT id = 2 OR terminated
id + 1 = 3
id * 2 - 1 > 7
-id < -7
- - id = 3
10 - 4 - 3 = id
id % 3 = 2
-id % 3 = -2
id // 4 = 1
id / 4 = 1.25
steps / 2 > 99.5
steps * 1.5 >= 300
2 + 3 * id = 17
(2 + 3) * id = 15
return / steps > 1
return - return = 0
POWER(id, 2) < 20
SQRT(steps) > 14
ABS(return) < 13
ROUND(return) = 100
ROUND(return, 1) = 12.3
FLOOR(return) = -151
CEIL(return) = 13
CEILING(-return) = 151
LN(steps) > 5
EXP(id) < 8
LOG10(steps) = 3
part = 'train'
part <> 'train'
part < 'i'
part >= 'held-out' AND part <= 'train'
part LIKE 'h%'
part NOT LIKE 'h%'
part LIKE 'held_out'
part LIKE '%a%'
part LIKE ''
part LIKE '%'
part ILIKE 'TRAIN'
part NOT ILIKE 't%'
part LIKE '50%'
flags LIKE '%''%'
flags LIKE 'a.b'
flags LIKE 'a_b'
flags LIKE '%break'
flags ILIKE 'é'
flags = ''
flags IN ('B2', 'A1')
flags IS NULL OR flags = ''
LENGTH(part) = 5
LENGTH(flags) = 1
LOWER(part) = 'train'
UPPER(flags) = 'A1'
UPPER(part) = part
STARTS_WITH(part, 'held')
ENDS_WITH(part, 'out')
CONTAINS(flags, 'B2')
part || '!' = 'train!'
LEFT(part, 4) = 'held'
SUBSTRING(part, 2, 3) = 'rai'
SUBSTR(part, 6) = 'out'
SUBSTRING(part FROM 1 FOR 1) = 't'
COALESCE(score, 0) = 0
COALESCE(part, flags, '') = ''
COALESCE(score, steps, -1) >= 200
GREATEST(id, 4) = 4
LEAST(score, 1) = 1
GREATEST(score, 0) = 0
CASE WHEN terminated THEN id > 3 ELSE id < 3 END
CASE WHEN id < 3 THEN 'low' WHEN id < 6 THEN 'mid' END = 'mid'
CASE part WHEN 'train' THEN 1 WHEN 'held-out' THEN 2 ELSE 0 END > 0
IF(terminated, steps, 0) > 100
steps > AVG(steps)
steps >= MEDIAN(steps)
steps < MIN(steps) + 10
steps = MAX(steps)
steps > AVG(steps) + STDDEV(steps)
steps > QUANTILE_CONT(steps, 0.75)
steps <= QUANTILE_CONT(steps, 0.35)
id = COUNT(*) - 1
id = COUNT(score)
steps * 2 > SUM(steps) / 2
AVG(steps) > 270
TRUE
FALSE
NOT NULL IS NULL
TRUE AND NULL IS NULL
NULL OR id = 3
FALSE AND NULL
1 = 1.0
1e0 = 1
'a' < 'b'
ID = 3
"id" = 3
episodes.id = 3
""".strip().splitlines()


def duck(condition):
    """The condition with the queries that its functions of every row are."""
    return re.sub(rf"\b({'|'.join(MANY)})\(([^()]*)\)", r"(SELECT \1(\2) FROM episodes)", condition)


def main():
    db = duckdb.connect()
    db.execute("CREATE TABLE episodes (" + ", ".join(f'"{name}" {kind}' for name, (kind, _) in COLUMNS.items()) + ")")
    for row in zip(*(values for _, values in COLUMNS.values()), strict=True):
        db.execute(f"INSERT INTO episodes VALUES ({', '.join('?' * len(row))})", row)
    met = {}
    for condition in CONDITIONS:
        quoted = re.sub(r'(?<!")\breturn\b(?!")', '"return"', duck(condition))
        query = f"SELECT id FROM episodes WHERE {quoted} ORDER BY id"
        try:
            met[condition] = [row for (row,) in db.execute(query).fetchall()]
        except duckdb.Error as error:
            raise SystemExit(f"{condition}: {error}") from error
    plain = {name: [repr(v) if isinstance(v, float) and not math.isfinite(v) else v for v in values]
             for name, (_, values) in COLUMNS.items()}
    out = {"duckdb": duckdb.__version__, "columns": plain, "rows": met}
    path = pathlib.Path(__file__).parent / "oracles" / "conditions.json"
    path.write_text(json.dumps(out, indent=1, ensure_ascii=False) + "\n")
    print(len(met), "conditions;", sum(not rows for rows in met.values()), "that no row meets")


main()
