-- The identity of the store, whatever its place: graphs remember the irises that they were built from. The service draws it where
-- it is missing.
ALTER TABLE irispair.store ADD COLUMN store_id uuid;
