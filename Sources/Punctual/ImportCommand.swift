// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser

/// Sends a calendar to a running server.
struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Import an iCalendar file into a running server.",
        discussion: """
            Makes a task of each VTODO and VEVENT, with its alarms as reminders and its RRULE, \
            RDATE and EXDATE as recurrence. What could not be kept as it was is listed, with the \
            line of the file. Exits with 1 if an entry was not imported.

              punctual import holidays.ics --timezone Europe/Berlin
            """
    )

    @Argument(help: "The file.", completion: .file(extensions: ["ics"]))
    var file: String

    @Option(help: "The server; by default the one that the configuration describes.")
    var url: String?

    @Option(help: "The zone of times that name none.")
    var timezone = "UTC"

    @Option(help: "Imports once however often it is repeated under the same key.")
    var idempotencyKey: String?

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let calendar = try bytes(ofFile: file, limit: CalendarUpload.maximumBytes)
        let upload = CalendarUpload(
            server: try url ?? Self.server(SettingsReader(path: options.path)),
            timezone: timezone,
            idempotencyKey: idempotencyKey
        )
        let report = try await upload.send(calendar)
        print(report.text)
        if report.refused > 0 { throw ExitCode.failure }
    }

    /// Where the server of this configuration listens.
    private static func server(_ settings: SettingsReader) throws -> String {
        let host = settings.text(.httpHost) ?? "127.0.0.1"
        let port = try settings.integer(.httpPort, in: 1...65_535) ?? 8080
        return "http://\(host.contains(":") ? "[\(host)]" : host):\(port)"
    }
}
