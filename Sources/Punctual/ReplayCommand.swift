// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import PunctualCore
internal import PunctualDelivery
internal import PunctualLoop
internal import PunctualPostgres
internal import PunctualStore
internal import PunctualTime

/// Sends events of the past again.
struct ReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Publish a range of time from event_log again.",
        discussion: """
            Events go through the configured transport under the ids that they had, oldest first, \
            so that consumers which know them do nothing, and new ones catch up. With the local \
            transport they become new for every process that follows event_log. Records of what \
            the engine decided (skipped, missed, …) were never published and are not.

            It starts with --dry-run better than without: that only counts.

              punctual outbox replay --from 2026-11-20T08:00:00Z --dry-run
              punctual outbox replay --from 2026-11-20T08:00:00Z --topic reminders --rate 200

            Progress goes to standard error. After a failure go on with the --from that it names.
            """
    )

    @Option(help: "Released at or after this instant (RFC 3339).")
    var from: String

    @Option(help: "Released before this instant (RFC 3339); now, when it is not given.")
    var to: String?

    @Option(help: "Only task-events or reminders; a change goes to task-updates too.")
    var topic: String?

    @Option(help: "Only events of this user.")
    var user: String?

    @Option(help: "Events a second at most, 1 to 100000.")
    var rate = 500

    @Flag(help: "Only count what would be sent.")
    var dryRun = false

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let selection = try selection()
        guard (1...100_000).contains(rate) else {
            throw ValidationError("--rate is a whole number from 1 to 100000")
        }
        let configuration = try await ServeConfiguration(options.settings())
        try await withDatabase(configuration.databaseURL, connections: 1) { pool in
            let source = PostgresReplay(pool: pool, shards: ShardMap(count: configuration.shards))
            if dryRun {
                try await count(selection, in: source)
            } else {
                try await withReplayTransport(configuration, local: source, pool: pool) {
                    try await send(selection, from: source, to: $0, timer: pool.loop)
                }
            }
        }
    }

    private func selection() throws -> ReplaySelection {
        let now = WallInstant(microsecondsSinceEpoch: Clocks.realtimeMicroseconds())
        let selection = ReplaySelection(
            from: try Self.instant(from, of: "--from"),
            to: try to.map { try Self.instant($0, of: "--to") } ?? now,
            topic: topic.flatMap(Topic.init(rawValue:)),
            userID: user
        )
        guard topic == nil || selection.topic == .reminders || selection.topic == .taskEvents else {
            throw ValidationError("--topic is task-events or reminders")
        }
        guard selection.from < selection.to else {
            throw ValidationError("--from must be before --to")
        }
        return selection
    }

    private static func instant(_ text: String, of option: String) throws -> WallInstant {
        do { return try WallInstant(rfc3339: text) } catch {
            throw ValidationError("\(option) is an instant such as 2026-11-20T08:00:00Z: \(error)")
        }
    }

    private func count(_ selection: ReplaySelection, in source: PostgresReplay) async throws {
        let counts = try await source.counts(selection)
        var table = TextTable(["type", "topic", "events"])
        for (type, count) in counts {
            table.add([type.rawValue, type.topic.rawValue, "\(count)"])
        }
        if !counts.isEmpty { print(table.text + "\n") }
        print("\(counts.map(\.count).reduce(0, +)) events would be sent")
    }

    private func send(
        _ selection: ReplaySelection,
        from source: PostgresReplay,
        to transport: any Transport,
        timer loop: LoopExecutor
    ) async throws {
        let replay = EventReplay(
            source: source,
            transport: transport,
            timer: LoopDelayedRunner(loop: loop),
            rate: rate
        )
        var reached = selection.from
        var reported = ContinuousClock.now
        do {
            let sent = try await replay.run(selection) { progress in
                reached = progress.reached
                guard ContinuousClock.now - reported >= .seconds(1) else { return }
                reported = .now
                standardError("\(progress.sent) sent, up to \(progress.reached.rfc3339)")
            }
            print("\(sent) events sent")
        } catch {
            throw CommandError(
                .refused,
                "the replay broke off; go on with --from \(reached.rfc3339): \(error)"
            )
        }
    }
}
