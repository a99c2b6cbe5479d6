SELECT nextval('engine_ids')::integer
