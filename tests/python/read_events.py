"""read_events.py FILE PARTICLES: reads a file with the code in docs/events.md and checks the references in it."""

import pathlib
import sys

page = pathlib.Path(__file__).parents[2].joinpath("docs/events.md").read_text()
lines = page.split("<!-- tests/python/read_events.py runs these lines -->\n```python\n")[1].split("```")[0]
exec(lines)

path, table = sys.argv[1:]
header = read(path, "Rec/Header", "event_number")
vertices = read(path, "Rec/Vertex", "event", "row")
tracks = read(path, "Rec/Track/Best", "event", "row", "vertex", "wanted", "px")
particles = read(path, table, "event", "row", "track", "wanted")
assert len(header) == len(vertices) == len(tracks) == len(particles) > 100
assert tracks.px[1].to_list() == list(tracks[1].px)
for rows in vertices, tracks, particles:
    assert awkward.all(rows.event == header.event_number)
for rows, column, targets in (particles, "track", tracks), (tracks, "vertex", vertices):
    assert awkward.all(rows[column] == rows.wanted)
    some = rows[rows[column] >= 0]
    assert awkward.sum(awkward.num(some.row)) > 100
    assert awkward.all(targets.event[some[column]] == some.event)
    assert awkward.all(targets.row[some[column]] == some.wanted)
