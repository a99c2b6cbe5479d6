// SPDX-License-Identifier: Apache-2.0

// What Swift cannot import of libpq: character macros, and a notice receiver that is silent.

#ifndef PUNCTUAL_CPOSTGRES_H
#define PUNCTUAL_CPOSTGRES_H

#include <libpq-fe.h>
#include <stdint.h>

static const int punctual_diagnostic_severity = PG_DIAG_SEVERITY_NONLOCALIZED;
static const int punctual_diagnostic_sql_state = PG_DIAG_SQLSTATE;
static const int punctual_diagnostic_message = PG_DIAG_MESSAGE_PRIMARY;
static const int punctual_diagnostic_schema = PG_DIAG_SCHEMA_NAME;
static const int punctual_diagnostic_table = PG_DIAG_TABLE_NAME;
static const int punctual_diagnostic_column = PG_DIAG_COLUMN_NAME;
static const int punctual_diagnostic_constraint = PG_DIAG_CONSTRAINT_NAME;

static inline void punctual_ignore_notice(void *context, const PGresult *notice) {
    (void)context;
    (void)notice;
}

/// Notices would otherwise be printed on standard error.
static inline void punctual_silence_notices(PGconn *connection) {
    PQsetNoticeReceiver(connection, punctual_ignore_notice, NULL);
}

#endif
