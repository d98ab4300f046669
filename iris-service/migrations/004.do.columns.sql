-- Columns of every code: stores that were made before others were known have 200.
ALTER TABLE irispair.store ADD COLUMN columns smallint NOT NULL DEFAULT 200;
