-- The irises that the graph was built from: the identity of their store, and the latest commit that the graph may know. NULL until
-- the graph service first joins an iris service that has an identity.

ALTER TABLE irispair_graph.identity ADD COLUMN iris_store_id text;
ALTER TABLE irispair_graph.identity ADD COLUMN iris_commit_count bigint;
