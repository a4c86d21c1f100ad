-- The order in which runs were scored: a row each time another run became the latest one. Scoring an old run again
-- makes a row of its own. Rows are added and never changed.
CREATE TABLE lc_scorings (
  seq  INTEGER NOT NULL PRIMARY KEY,
  hash TEXT    NOT NULL REFERENCES lc_runs(hash) CHECK (typeof(hash) = 'text'),
  at   TEXT    NOT NULL CHECK (typeof(at) = 'text')              -- empty: nobody noted it
);
-- Projects from before knew the first scoring of each run, and which one was scored last.
INSERT INTO lc_scorings (hash, at) SELECT hash, created FROM lc_runs ORDER BY seq;
INSERT INTO lc_scorings (hash, at) SELECT hash, '' FROM lc_runs WHERE is_latest AND seq < (SELECT max(seq) FROM lc_runs);

-- What people wrote of findings, one field a row; the last row of a field counts. Rows are added and never changed.
CREATE TABLE lc_ledger (
  seq     INTEGER NOT NULL PRIMARY KEY,
  series  TEXT    NOT NULL CHECK (typeof(series) = 'text'),      -- JSON of ledger.Series
  finding TEXT    NOT NULL CHECK (typeof(finding) = 'text'),
  field   TEXT    NOT NULL CHECK (field IN ('owner', 'due', 'note', 'reason')),
  value   TEXT    NOT NULL CHECK (typeof(value) = 'text'),       -- empty: withdrawn
  at      TEXT    NOT NULL CHECK (typeof(at) = 'text'),
  who     TEXT    NOT NULL CHECK (typeof(who) = 'text'),
  source  TEXT    NOT NULL CHECK (typeof(source) = 'text'),      -- the file that it came in, empty: by hand
  scoring INTEGER NOT NULL REFERENCES lc_scorings(seq)           -- the last one at that time
);
CREATE INDEX lc_ix_ledger ON lc_ledger(series, seq);
