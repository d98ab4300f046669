-- The graph: what it says of itself, its nodes, and their rows of neighbours.

CREATE TABLE irispair_graph.identity (
  -- One row at most.
  is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  mode text NOT NULL,
  format_version integer NOT NULL,
  -- Key of the layers, base64.
  layer_key text NOT NULL,
  row_limit integer NOT NULL,
  -- Drawn by whoever opened it last.
  owner uuid NOT NULL,
  saves bigint NOT NULL DEFAULT 0
);

CREATE TABLE irispair_graph.nodes (
  serial_id bigint PRIMARY KEY,
  state smallint NOT NULL,
  version integer NOT NULL,
  layer smallint NOT NULL
);

CREATE TABLE irispair_graph.rows (
  -- 0 left, 1 right.
  side smallint NOT NULL,
  layer smallint NOT NULL,
  serial_id bigint NOT NULL,
  -- Serial ids, best first, u32 little-endian each.
  neighbours bytea NOT NULL,
  PRIMARY KEY (side, layer, serial_id)
);

-- Serial ids do not compress well enough to pay for it at every change.
ALTER TABLE irispair_graph.rows ALTER COLUMN neighbours SET STORAGE EXTERNAL;
