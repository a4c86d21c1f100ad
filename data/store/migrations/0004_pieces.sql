-- The packed columns of a large version while it is current: its content is the pieces in their order and then lc_contents.data, so that
-- neither writing nor reading needs it in memory as one value of SQLite.
CREATE TABLE lc_pieces (
  hash TEXT    NOT NULL CHECK (typeof(hash) = 'text'),
  n    INTEGER NOT NULL CHECK (typeof(n) = 'integer' AND n >= 0),
  data BLOB    NOT NULL CHECK (typeof(data) = 'blob'),
  PRIMARY KEY (hash, n)
);
