// SPDX-License-Identifier: Apache-2.0

internal import CPostgres

/// The keywords and values that a connection is opened with.
///
/// What the URL sets itself wins, except that its `options` are added after ours, where they win
/// too, setting by setting.
struct ConnectionParameters: Sendable {
    private(set) var keywords: [String] = []
    private(set) var values: [String] = []

    init(_ configuration: PostgresPoolConfiguration) throws(PostgresError) {
        let given = try Self.parse(configuration.url)
        append("dbname", configuration.url)
        let settings = [
            "jit=off",
            "TimeZone=UTC",
            "statement_timeout=\(configuration.statementTimeoutMilliseconds)",
            "lock_timeout=\(configuration.lockTimeoutMilliseconds)",
            "idle_in_transaction_session_timeout="
                + "\(configuration.idleInTransactionTimeoutMilliseconds)",
        ]
        let options =
            (settings + configuration.settings).map { "-c \($0)" } + [given["options"] ?? ""]
        append("options", options.joined(separator: " "))
        append("client_encoding", "UTF8")
        let defaults = [
            ("application_name", configuration.applicationName),
            ("connect_timeout", String(configuration.connectTimeoutSeconds)),
            ("tcp_user_timeout", String(configuration.tcpUserTimeoutMilliseconds)),
            ("keepalives_idle", "15"),
            ("keepalives_interval", "5"),
        ]
        for (keyword, value) in defaults where given[keyword] == nil { append(keyword, value) }
    }

    private mutating func append(_ keyword: String, _ value: String) {
        keywords.append(keyword)
        values.append(value)
    }

    /// What the URL or connection string sets.
    private static func parse(_ url: String) throws(PostgresError) -> [String: String] {
        // SAFETY: the options end with one whose keyword is NULL, and are freed once, below. The
        // message of a failure is not read, for it quotes the string.
        guard let options = unsafe PQconninfoParse(url, nil) else {
            throw PostgresError(
                .misuse,
                "the database URL is not a libpq URI or connection string"
            )
        }
        defer { unsafe PQconninfoFree(options) }
        var given: [String: String] = [:]
        var next = unsafe options
        while let keyword = unsafe next.pointee.keyword {
            if let value = unsafe next.pointee.val {
                unsafe given[String(cString: keyword)] = unsafe String(cString: value)
            }
            unsafe next += 1
        }
        return given
    }
}
