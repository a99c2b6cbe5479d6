// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import PunctualLoop
internal import PunctualPostgres

/// Looks at the machine and the database, and says what to do.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check this machine and the database, and say what to do.",
        discussion: """
            Looks at the database, its schema, its durability and its clock, and at this machine's \
            clock, time zones and file limits. Each line begins with ok, warn or fail. Exits with \
            1 if anything failed.
            """
    )

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let settings = try await options.settings()
        var findings = HostChecks.run()
        do {
            let url = try settings.databaseURL()
            findings += try await withDatabase(url, connections: 1) {
                await DatabaseChecks(pool: $0).run()
            }
        } catch let error as CommandError {
            findings.append(.fail("database", "not configured", remedy: error.message))
        }
        for finding in findings { print(finding.text) }
        if findings.contains(where: { $0.verdict == .fail }) { throw ExitCode.failure }
    }
}
