-- Each value of the sequence stands for the thousand ids that end with it.
SELECT nextval('ids') FROM generate_series(1, $1)
