-- In secret-shared mode: whose graph it is. All parties' are alike; NULL in plain mode.

ALTER TABLE irispair_graph.identity ADD COLUMN party smallint;
