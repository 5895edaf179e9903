"""What goes through DATABASE_URL leaves its trace, also where nothing answers."""

import sys
from pathlib import Path

from labkit import endpoints, journal


def test_a_connection_that_is_refused_is_journalled(start):
    run = start("postgres-refusing")
    home = Path(run('printf %s "$LABKIT_HOME"').stdout)
    published = endpoints.read(home)
    assert published is not None
    said = run(f"{sys.executable} -c 'import os, psycopg; psycopg.connect(os.environ[\"DATABASE_URL\"])'")
    assert said.returncode == 1
    assert "reset by peer" in said.stderr or "closed the connection unexpectedly" in said.stderr
    assert published.journal is not None
    last = journal.read(published.journal)[1][-1]
    assert (last.actor, last.face, last.action["sql"]) == ("trainee", "postgresql", "")
    assert last.outcome == {"error": "connection refused"}
