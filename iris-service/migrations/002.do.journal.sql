-- Secret-shared mode: which batches of the three parties are prepared and applied here. One row, once there is something to say.
CREATE TABLE irispair.journal (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  applied bytea,
  prepared bytea
);

-- What the prepared batch makes of irises. A deletion has empty columns.
CREATE TABLE irispair.prepared (
  id bigint PRIMARY KEY,
  left_code bytea NOT NULL,
  left_mask bytea NOT NULL,
  right_code bytea NOT NULL,
  right_mask bytea NOT NULL,
  version_id smallint NOT NULL
);
-- As in irises: shares do not get smaller.
ALTER TABLE irispair.prepared
  ALTER left_code SET STORAGE EXTERNAL,
  ALTER left_mask SET STORAGE EXTERNAL,
  ALTER right_code SET STORAGE EXTERNAL,
  ALTER right_mask SET STORAGE EXTERNAL;
