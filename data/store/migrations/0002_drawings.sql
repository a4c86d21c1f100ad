-- The gaps and service areas of runs, one row per requirement: coverage.Run.PackDrawings, compressed. A run
-- without rows is not drawn yet.
CREATE TABLE lc_drawings (
  run         INTEGER NOT NULL REFERENCES lc_runs(seq),
  requirement INTEGER NOT NULL CHECK (typeof(requirement) = 'integer' AND requirement >= 0), -- place in the catalog
  size        INTEGER NOT NULL CHECK (typeof(size) = 'integer'),
  data        BLOB    NOT NULL CHECK (typeof(data) = 'blob'),
  PRIMARY KEY (run, requirement)
);
