// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser

/// The executable.
@main
struct PunctualCommand: AsyncParsableCommand {
    /// The version of this source tree.
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "punctual",
        abstract: "A reminder engine: never lost, never early, on time.",
        discussion: """
            A backend sets a due date over HTTP; Punctual fires the reminders on time, rolls \
            recurring tasks over, and delivers an event to whoever listens. Everything that waits \
            is in PostgreSQL.

            To begin, with an empty database:

              export PUNCTUAL_DATABASE_URL=postgresql://punctual@localhost/punctual
              punctual doctor            # is everything as it should be?
              punctual migrate           # create or update the tables
              punctual serve             # listen on http://127.0.0.1:8080

            Then, from another terminal:

              punctual import tasks.ics
              curl -N http://127.0.0.1:8080/api/updates
              curl http://127.0.0.1:8080/api/tasks -H 'Content-Type: application/json' \\
                -d '{"title":"Tea","reminders":[{"at":"2030-01-01T16:00:00Z"}]}'

            Without a database, to see when a rule recurs:

              echo '{"dtstart":"20260101T090000","rrule":"FREQ=MONTHLY;BYDAY=-1FR"}' \\
                | punctual recurrence expand

            Settings come from the environment (PUNCTUAL_HTTP_PORT), or from the same keys in a \
            YAML file (http_port: 8080) that --config names.
            """,
        version: version,
        subcommands: [
            ServeCommand.self, MigrateCommand.self, RecurrenceCommand.self, ImportCommand.self,
            DoctorCommand.self, OutboxCommand.self, ShardsCommand.self, TokenCommand.self,
            KeysCommand.self, TopicsCommand.self,
        ]
    )
}

/// The options of every command that looks at the configuration.
struct ConfigurationOptions: ParsableArguments {
    @Option(name: .customLong("config"), help: "A YAML file with settings.")
    var path: String?

    /// Reads the settings, those in a secret store of Dapr too.
    func settings() async throws -> SettingsReader {
        try await SettingsReader(path: path).withDaprSecrets()
    }
}
