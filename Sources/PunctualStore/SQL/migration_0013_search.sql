-- SPDX-License-Identifier: Apache-2.0
-- Not breaking: programs that do not know it search as before, only without an index.
--
-- Trigrams (migration 0005) cannot find a word of one or two letters, which then was looked for in
-- every text. Here the index has, for each character of a text, the up to three that begin with it
-- within its word: a short word is the beginning of one of them, a longer one has all of its own.

-- The pieces of a text. Characters come from an array, because to count them to the middle of a
-- text again and again would take the square of its length. It calls no function of this schema,
-- because a dump is restored without its search path.
CREATE FUNCTION text_pieces(whole text) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 1000 AS $$
DECLARE
    word text;
    letters text[];
    pieces text[] := '{}';
    count integer := 0;
BEGIN
    FOREACH word IN ARRAY string_to_array(whole, ' ') LOOP
        letters := string_to_array(word, NULL) || ARRAY['', ''];
        FOR i IN 1 .. cardinality(letters) - 2 LOOP
            count := count + 1;
            pieces[count] := letters[i] || letters[i + 1] || letters[i + 2];
        END LOOP;
    END LOOP;
    RETURN array_to_tsvector(pieces);
END $$;

-- What is asked of the pieces of a text that has all of these words, none of which has a space.
CREATE FUNCTION pieces_query(words text[]) RETURNS tsquery
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT string_agg(
        '''' || replace(replace(substr(word, i, 3), '\', '\\'), '''', '''''') || ''''
            || CASE WHEN length(word) < 3 THEN ':*' ELSE '' END, ' & ')::tsquery
    FROM unnest(words) AS given, lower(given) AS word,
        generate_series(1, greatest(length(word) - 2, 1)) AS i
$$;

DROP INDEX tasks_found;
CREATE INDEX tasks_found ON tasks USING gin (user_id, tags, text_pieces(task_text(title, description)));
