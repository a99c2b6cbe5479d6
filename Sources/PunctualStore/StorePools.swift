// SPDX-License-Identifier: Apache-2.0

package import PunctualPostgres

extension PostgresPoolConfiguration {
    /// The configuration of a pool for the statements of the store.
    ///
    /// All of them reach their rows by an index. The planner is told so, because a generic plan
    /// made while a table was small would otherwise be kept while it grows by a million rows.
    package static func store(
        url: String,
        maximumConnections: Int,
        applicationName: String
    ) -> Self {
        var configuration = Self(
            url: url,
            maximumConnections: maximumConnections,
            applicationName: applicationName
        )
        configuration.settings = [
            "enable_seqscan=off", "enable_hashjoin=off", "enable_mergejoin=off",
            "enable_bitmapscan=off", "plan_cache_mode=force_generic_plan",
        ]
        return configuration
    }

    /// The configuration of a pool for lists and searches, whose best way depends on the values:
    /// each is planned for its own.
    package static func search(
        url: String,
        maximumConnections: Int,
        applicationName: String
    ) -> Self {
        var configuration = Self(
            url: url,
            maximumConnections: maximumConnections,
            applicationName: applicationName
        )
        configuration.settings = ["plan_cache_mode=force_custom_plan", "jit=off"]
        return configuration
    }
}
