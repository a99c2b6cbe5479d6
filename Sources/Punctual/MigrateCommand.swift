// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import PunctualStore

/// Creates or updates the tables.
struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Create or update the tables; safe to repeat, and to run from several machines."
    )

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let settings = try await options.settings()
        let shards = try ServeConfiguration(settings).shards
        let applied = try await withDatabase(settings.databaseURL(), connections: 1) {
            try await SchemaMigrator(pool: $0, shards: shards).migrate()
        }
        for name in applied { print("applied \(name)") }
        if applied.isEmpty { print("nothing to do: the schema is current") }
    }
}
