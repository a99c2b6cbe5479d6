SELECT pg_notify('punctual_log', '')
