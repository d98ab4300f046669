-- The irises, in the schema that the URL's search_path says. A deployment's table may be there already.
DO $$
BEGIN
  IF to_regclass('irises') IS NULL THEN
    CREATE TABLE irises (
      id bigint PRIMARY KEY,
      left_code bytea,
      left_mask bytea,
      right_code bytea,
      right_mask bytea,
      last_modified_at bigint,
      version_id smallint
    );
    -- Iris codes do not get smaller: trying to compress them would cost every write and gain nothing.
    ALTER TABLE irises
      ALTER left_code SET STORAGE EXTERNAL,
      ALTER left_mask SET STORAGE EXTERNAL,
      ALTER right_code SET STORAGE EXTERNAL,
      ALTER right_mask SET STORAGE EXTERNAL;
  END IF;
END $$;

-- What the irises are, and how often they were changed. One row.
CREATE TABLE irispair.store (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  mode text NOT NULL,
  party smallint,
  format_version integer NOT NULL,
  -- Where the irises are: this schema belongs to no others.
  irises_schema text NOT NULL,
  commit_count bigint NOT NULL,
  -- Names the last commit, so that one whose answer was lost can be asked for.
  last_commit uuid
);

-- Deleted ids. Their rows in irises keep id and version, and hold empty columns.
CREATE TABLE irispair.deletions (
  id bigint PRIMARY KEY,
  version_id smallint NOT NULL
);
