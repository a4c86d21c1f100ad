-- A project file: an OGC GeoPackage 1.3 and, beside it, the tables of our own extension
-- (prefix lc_). Feature tables are made at first use, see tables.go.

PRAGMA application_id = 1196444487; -- 'GPKG'
PRAGMA user_version = 10300;

CREATE TABLE gpkg_spatial_ref_sys (
  srs_name                 TEXT    NOT NULL,
  srs_id                   INTEGER NOT NULL PRIMARY KEY,
  organization             TEXT    NOT NULL,
  organization_coordsys_id INTEGER NOT NULL,
  definition               TEXT    NOT NULL,
  description              TEXT
);
INSERT INTO gpkg_spatial_ref_sys VALUES
  ('Undefined cartesian SRS', -1, 'NONE', -1, 'undefined', 'undefined cartesian coordinate reference system'),
  ('Undefined geographic SRS', 0, 'NONE', 0, 'undefined', 'undefined geographic coordinate reference system'),
  ('WGS 84 geodetic', 4326, 'EPSG', 4326,
   'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]],AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],AXIS["Latitude",NORTH],AXIS["Longitude",EAST],AUTHORITY["EPSG","4326"]]',
   'longitude/latitude coordinates in decimal degrees on the WGS 84 spheroid');

CREATE TABLE gpkg_contents (
  table_name  TEXT     NOT NULL PRIMARY KEY,
  data_type   TEXT     NOT NULL,
  identifier  TEXT     UNIQUE,
  description TEXT     DEFAULT '',
  last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
  min_x       DOUBLE,
  min_y       DOUBLE,
  max_x       DOUBLE,
  max_y       DOUBLE,
  srs_id      INTEGER,
  CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id)
);

CREATE TABLE gpkg_geometry_columns (
  table_name         TEXT    NOT NULL,
  column_name        TEXT    NOT NULL,
  geometry_type_name TEXT    NOT NULL,
  srs_id             INTEGER NOT NULL,
  z                  TINYINT NOT NULL,
  m                  TINYINT NOT NULL,
  CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name),
  CONSTRAINT uk_gc_table_name UNIQUE (table_name),
  CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
  CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id)
);

CREATE TABLE gpkg_extensions (
  table_name     TEXT,
  column_name    TEXT,
  extension_name TEXT NOT NULL,
  definition     TEXT NOT NULL,
  scope          TEXT NOT NULL,
  CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name)
);

-- What the project says of itself: schema, name, title, created.
CREATE TABLE lc_meta (
  key   TEXT NOT NULL PRIMARY KEY CHECK (typeof(key) = 'text'),
  value TEXT NOT NULL CHECK (typeof(value) = 'text')
);

-- The layers by name. Other programs' edits set touched, by the triggers lc_touch_*.
CREATE TABLE lc_keys (
  id      INTEGER NOT NULL PRIMARY KEY,
  role    TEXT    NOT NULL CHECK (typeof(role) = 'text'),
  service TEXT    NOT NULL CHECK (typeof(service) = 'text'),
  name    TEXT    NOT NULL CHECK (typeof(name) = 'text'),
  touched INTEGER NOT NULL DEFAULT 0 CHECK (touched IN (0, 1)),
  UNIQUE (role, service, name)
);

-- The versions of every layer.
CREATE TABLE lc_layers (
  id         INTEGER NOT NULL PRIMARY KEY,
  key_id     INTEGER NOT NULL REFERENCES lc_keys(id),
  version    INTEGER NOT NULL CHECK (typeof(version) = 'integer' AND version > 0),
  is_current INTEGER NOT NULL CHECK (is_current IN (0, 1)),
  hash       TEXT    NOT NULL REFERENCES lc_contents(hash),
  saved      TEXT    NOT NULL CHECK (typeof(saved) = 'text'),
  info       TEXT    NOT NULL CHECK (typeof(info) = 'text'),     -- JSON of coverage.LayerInfo
  areas      BLOB    CHECK (typeof(areas) IN ('blob', 'null')),  -- WKB collection: the surveys' areas, in the order of info
  UNIQUE (key_id, version)
);
CREATE INDEX lc_ix_hash ON lc_layers(hash);
CREATE UNIQUE INDEX lc_ix_current ON lc_layers(key_id) WHERE is_current;

-- The packed columns of a version (coverage.Layer.Pack): raw while it is current, else compressed.
CREATE TABLE lc_contents (
  hash    TEXT    NOT NULL PRIMARY KEY CHECK (typeof(hash) = 'text'),
  size    INTEGER NOT NULL CHECK (typeof(size) = 'integer'),     -- bytes when not compressed
  deflate INTEGER NOT NULL CHECK (deflate IN (0, 1)),
  data    BLOB    NOT NULL CHECK (typeof(data) = 'blob')
);

-- The import report of a version: JSON of coverage.ImportReport, compressed.
CREATE TABLE lc_reports (
  layer_id INTEGER NOT NULL PRIMARY KEY REFERENCES lc_layers(id),
  size     INTEGER NOT NULL CHECK (typeof(size) = 'integer'),
  data     BLOB    NOT NULL CHECK (typeof(data) = 'blob')
);

-- The layer tables; touched when another program changed any row.
CREATE TABLE lc_tables (
  name    TEXT    NOT NULL PRIMARY KEY CHECK (typeof(name) = 'text'),
  touched INTEGER NOT NULL DEFAULT 0 CHECK (touched IN (0, 1))
);

-- Which column of a layer table holds which measure.
CREATE TABLE lc_columns (
  table_name  TEXT NOT NULL REFERENCES lc_tables(name),
  label       TEXT NOT NULL CHECK (typeof(label) = 'text'),
  column_name TEXT NOT NULL CHECK (typeof(column_name) = 'text'),
  PRIMARY KEY (table_name, label)
);

CREATE TABLE lc_runs (
  seq       INTEGER NOT NULL PRIMARY KEY,
  hash      TEXT    NOT NULL UNIQUE CHECK (typeof(hash) = 'text'),
  is_latest INTEGER NOT NULL CHECK (is_latest IN (0, 1)),
  created   TEXT    NOT NULL CHECK (typeof(created) = 'text'),
  info      TEXT    NOT NULL CHECK (typeof(info) = 'text'),      -- JSON of coverage.RunInfo
  inputs    TEXT    NOT NULL CHECK (typeof(inputs) = 'text'),    -- JSON of its coverage.InputRefs
  size      INTEGER NOT NULL CHECK (typeof(size) = 'integer'),
  data      BLOB    NOT NULL CHECK (typeof(data) = 'blob')       -- coverage.Run.MarshalBinary, compressed
);
CREATE UNIQUE INDEX lc_ix_latest ON lc_runs(is_latest) WHERE is_latest;

-- Computed values; may be emptied at any time.
CREATE TABLE lc_cache (
  seq   INTEGER NOT NULL PRIMARY KEY,
  key   TEXT    NOT NULL UNIQUE CHECK (typeof(key) = 'text'),
  size  INTEGER NOT NULL CHECK (typeof(size) = 'integer'),
  value BLOB    NOT NULL CHECK (typeof(value) = 'blob')
);

INSERT INTO gpkg_extensions VALUES
  ('lc_meta', NULL, 'lifecircle_project', 'lifecircle project file: data/store/README.md in the source of lifecircle', 'read-write');
